import type { ContainerId } from '@crihub/kernel';

/** A run of ids: `length` ids from `hostId` on the host appear from `containerId` on inside. */
export interface IdMapping {
  readonly containerId: number;
  readonly hostId: number;
  readonly length: number;
}

/** The user namespace of a pod; all its containers share it. */
export interface UserNamespace {
  readonly uids: readonly IdMapping[];
  readonly gids: readonly IdMapping[];
}

export interface SandboxNamespaces {
  readonly network: 'pod' | 'node';
  readonly ipc: 'pod' | 'node';
  readonly pid: 'pod' | 'container' | 'node';
  /** Absent: the pod uses the node's user namespace. */
  readonly user?: UserNamespace;
}

/** The PID namespace of one container; `target` joins that of another container of the pod. */
export type ContainerPidNamespace =
  { readonly mode: 'pod' | 'container' | 'node' } | { readonly mode: 'target'; readonly target: ContainerId };
