import type { ContainerId, SandboxId } from '@crihub/kernel';
import type { Container, ContainerExit } from './container.ts';
import type { Sandbox } from './sandbox.ts';
import type { WritableLayer } from './writable-layer.ts';

export interface InventorySandbox {
  readonly id: SandboxId;
  /**
   * `partial`: some of it exists, but it can't be used; only `remove` helps. `prepared`: ready for
   * `start`. `running`. `stopped`: its namespaces or its machine are gone.
   */
  readonly state: 'partial' | 'prepared' | 'running' | 'stopped';
  readonly networkNamespace?: string;
  readonly cgroup?: string;
  /** As it was given to `prepare`, for a hub that has lost its records. */
  readonly sandbox?: Sandbox;
}

export type InventoryContainer = {
  readonly id: ContainerId;
  readonly sandboxId: SandboxId;
  readonly cgroup?: string;
  readonly writableLayer?: WritableLayer;
  /** As it was given to `create`, for a hub that has lost its records. */
  readonly container?: Container;
} & (
  | { readonly state: 'partial' | 'created' }
  /** `pid` is its first process on the host, if the host can see it. */
  | { readonly state: 'running'; readonly pid?: number }
  /** `exit` is absent if it ended and nobody saw how. */
  | { readonly state: 'exited'; readonly exit?: ContainerExit }
);

/** All that a backend holds of ours at one moment. */
export interface Inventory {
  readonly sandboxes: readonly InventorySandbox[];
  readonly containers: readonly InventoryContainer[];
}

export type BackendEvent =
  | { readonly type: 'containerExited'; readonly id: ContainerId; readonly exit: ContainerExit }
  | { readonly type: 'sandboxExited'; readonly id: SandboxId; readonly message: string }
  /** Events may have been missed (a connection was lost): compare with `inventory()`. */
  | { readonly type: 'resync' };
