import type { ContainerRecord } from '../records/container-record.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';

export type LifecycleChange = 'created' | 'started' | 'stopped' | 'deleted';

/** A change of a container or, with a pod's own id, of a pod; with the state of the whole pod after it. */
export interface LifecycleEvent {
  readonly id: string;
  readonly change: LifecycleChange;
  /** Nanoseconds since 1970. */
  readonly at: bigint;
  readonly sandbox: SandboxRecord | undefined;
  readonly containers: readonly ContainerRecord[];
}
