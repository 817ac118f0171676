import type { Container, ContainerSecurity, Mount, Process, Sandbox } from '@crihub/contract';
import { newContainerId, newSandboxId } from '@crihub/kernel';
import { ALL_CAPABILITIES } from '../spec/capabilities.ts';
import type { NamespaceChoices, SpecHost, SpecInput } from '../spec/spec-input.ts';

/** A modern host where everything works; tests take away what they need. */
export const capableHost: SpecHost = {
  cgroupVersion: 2,
  capabilities: ALL_CAPABILITIES,
  seccomp: true,
  apparmor: true,
  apparmorDefaultProfile: 'crihub-default',
  selinux: true,
  swapLimit: true,
  hugepageLimit: true,
  minOomScoreAdj: -1000,
  hardRlimits: {},
};

/** A pod whose network, IPC and UTS namespaces are pinned, and a container with a PID namespace of its own. */
export const podNamespaces: NamespaceChoices = {
  network: { path: '/run/netns/pod' },
  ipc: { path: '/run/crihub/pod/ipc' },
  uts: { path: '/run/crihub/pod/uts' },
  pid: 'new',
  cgroup: 'new',
  user: 'host',
};

export const plainSecurity: ContainerSecurity = {
  privileged: false,
  capabilities: { add: [], drop: [], addAmbient: [] },
  noNewPrivileges: false,
  readonlyRootfs: false,
  maskedPaths: ['/proc/kcore'],
  readonlyPaths: ['/proc/sys'],
  seccomp: { type: 'unconfined' },
  apparmor: { type: 'unconfined' },
};

export const plainProcess: Process = {
  args: ['/bin/true'],
  env: ['PATH=/bin'],
  cwd: '/',
  user: { uid: 0, gid: 0, additionalGids: [0] },
  terminal: false,
  stdin: false,
  stdinOnce: false,
};

export const aSandbox = (changes: Partial<Sandbox> = {}): Sandbox => ({
  id: newSandboxId(),
  metadata: { name: 'web', namespace: 'shop', uid: 'u-1', attempt: 0 },
  labels: {},
  annotations: {},
  hostname: 'web',
  namespaces: { network: 'pod', ipc: 'pod', pid: 'container' },
  security: {
    privileged: false,
    seccomp: { type: 'runtimeDefault' },
    apparmor: { type: 'runtimeDefault' },
  },
  sysctls: {},
  cgroupParent: '/kubepods/pod1',
  overhead: {},
  resources: {},
  directory: '/var/lib/crihub/pods/p1',
  ...changes,
});

export const aContainer = (sandbox: Sandbox, changes: Partial<Container> = {}): Container => ({
  id: newContainerId(),
  sandboxId: sandbox.id,
  metadata: { name: 'app', attempt: 0 },
  labels: {},
  annotations: {},
  imageId: 'sha256:1',
  imageRef: 'registry.example/app:1',
  rootfs: '/rootfs',
  process: plainProcess,
  pidNamespace: { mode: 'container' },
  security: plainSecurity,
  mounts: [],
  devices: [],
  cdiDevices: [],
  resources: {},
  logPath: '',
  stopSignal: 'SIGTERM',
  ...changes,
});

export const aMount = (changes: Partial<Mount> = {}): Mount => ({
  destination: '/data',
  source: '/srv/data',
  readonly: false,
  recursiveReadonly: false,
  propagation: 'private',
  selinuxRelabel: false,
  uidMappings: [],
  gidMappings: [],
  options: [],
  ...changes,
});

export interface InputChanges extends Partial<
  Omit<SpecInput, 'container' | 'sandbox' | 'namespaces' | 'host'>
> {
  readonly container?: Partial<Container>;
  readonly security?: Partial<ContainerSecurity>;
  readonly process?: Partial<Process>;
  readonly sandbox?: Partial<Sandbox>;
  readonly namespaces?: Partial<NamespaceChoices>;
  readonly host?: Partial<SpecHost>;
}

/** The input for a plain container of a plain pod, with some of it changed. */
export function specInput(changes: InputChanges = {}): SpecInput {
  const { container, security, process, sandbox: podChanges, namespaces, host, ...rest } = changes;
  const sandbox = aSandbox(podChanges);
  return {
    container: aContainer(sandbox, {
      security: { ...plainSecurity, ...security },
      process: { ...plainProcess, ...process },
      ...container,
    }),
    sandbox,
    host: { ...capableHost, ...host },
    namespaces: { ...podNamespaces, ...namespaces },
    cgroupsPath: '/kubepods/pod1/c1',
    shmPath: '/run/crihub/pod/shm',
    devices: [],
    rlimits: [],
    ...rest,
  };
}
