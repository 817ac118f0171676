import type { Container, Mount, Sandbox } from '@crihub/contract';
import { newContainerId, newSandboxId } from '@crihub/kernel';
import type { ContainerOverrides } from './rig.ts';

/** A plain pod with namespaces of its own. */
export function sampleSandbox(overrides: Partial<Sandbox> & Pick<Sandbox, 'directory'>): Sandbox {
  const id = overrides.id ?? newSandboxId();
  return {
    id,
    metadata: { name: `pod-${id.slice(0, 8)}`, namespace: 'default', uid: id.slice(0, 32), attempt: 0 },
    labels: {},
    annotations: {},
    hostname: `pod-${id.slice(0, 8)}`,
    namespaces: { network: 'pod', ipc: 'pod', pid: 'container' },
    security: {
      privileged: false,
      seccomp: { type: 'unconfined' },
      apparmor: { type: 'unconfined' },
    },
    sysctls: {},
    cgroupParent: '',
    overhead: {},
    resources: {},
    ...overrides,
  };
}

/** A plain container, run as root; the caller names what depends on the machine. */
export function sampleContainer(
  sandbox: Sandbox,
  overrides: ContainerOverrides & Pick<Container, 'rootfs' | 'logPath'>,
): Container {
  const id = overrides.id ?? newContainerId();
  return {
    id,
    sandboxId: sandbox.id,
    metadata: { name: `container-${id.slice(0, 8)}`, attempt: 0 },
    labels: {},
    annotations: {},
    imageId: `sha256:${'0'.repeat(64)}`,
    imageRef: 'registry.example/sample:1',
    pidNamespace: { mode: sandbox.namespaces.pid },
    security: {
      privileged: false,
      capabilities: { add: [], drop: [], addAmbient: [] },
      noNewPrivileges: false,
      readonlyRootfs: false,
      maskedPaths: [],
      readonlyPaths: [],
      seccomp: { type: 'unconfined' },
      apparmor: { type: 'unconfined' },
    },
    mounts: [],
    devices: [],
    cdiDevices: [],
    resources: {},
    stopSignal: 'SIGTERM',
    ...overrides,
    process: {
      args: ['sleep', '1'],
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      cwd: '/',
      user: { uid: 0, gid: 0, additionalGids: [] },
      terminal: false,
      stdin: false,
      stdinOnce: false,
      ...overrides.process,
    },
  };
}

/** A plain mount that may be written to. */
export const sampleMount = (overrides: Partial<Mount> & Pick<Mount, 'source' | 'destination'>): Mount => ({
  readonly: false,
  recursiveReadonly: false,
  propagation: 'private',
  selinuxRelabel: false,
  uidMappings: [],
  gidMappings: [],
  options: [],
  ...overrides,
});
