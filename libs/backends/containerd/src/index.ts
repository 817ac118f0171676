export { ContainerdBackend, type ContainerdBackendDependencies } from './containerd-backend.ts';
export { containerdOptions, type ContainerdOptions, type ContainerdPlacement } from './options.ts';
