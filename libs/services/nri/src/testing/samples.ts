import type { Container, Sandbox } from '@crihub/contract';
import { newContainerId, newSandboxId } from '@crihub/kernel';
import type { ContainerView, PodView } from '../model.ts';

export function samplePod(overrides: Partial<Sandbox> = {}): PodView {
  const sandbox: Sandbox = {
    id: newSandboxId(),
    metadata: { name: 'pod', namespace: 'default', uid: 'uid', attempt: 0 },
    labels: { app: 'web' },
    annotations: {},
    hostname: 'pod',
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
    directory: '/var/lib/crihub/pod',
    ...overrides,
  };
  return { sandbox, runtimeHandler: 'runc', ips: ['10.1.0.2'] };
}

export function sampleContainer(overrides: Partial<Container> = {}): ContainerView {
  const container: Container = {
    id: newContainerId(),
    sandboxId: newSandboxId(),
    metadata: { name: 'main', attempt: 0 },
    labels: {},
    annotations: { kept: 'yes', old: '1' },
    imageId: 'sha256:1',
    imageRef: 'registry.example/app:1',
    rootfs: '/rootfs',
    process: {
      args: ['sleep', '1'],
      env: ['PATH=/bin', 'OLD=1'],
      cwd: '/',
      user: { uid: 0, gid: 0, additionalGids: [] },
      terminal: false,
      stdin: false,
      stdinOnce: false,
    },
    pidNamespace: { mode: 'container' },
    security: {
      privileged: false,
      capabilities: { add: [], drop: [], addAmbient: [] },
      noNewPrivileges: false,
      readonlyRootfs: false,
      maskedPaths: [],
      readonlyPaths: [],
      seccomp: { type: 'runtimeDefault' },
      apparmor: { type: 'runtimeDefault' },
    },
    mounts: [],
    devices: [],
    cdiDevices: [],
    resources: { cpuShares: 100, memoryLimitBytes: 1000 },
    logPath: '',
    stopSignal: 'SIGTERM',
    ...overrides,
  };
  return { container, state: 'created', resources: container.resources, createdAt: 1n };
}
