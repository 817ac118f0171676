import type { ContainerId, SandboxId } from '@crihub/kernel';

/** The container that keeps a pod's namespaces. */
export interface RunningInfra {
  readonly engineId: string;
  readonly pid: number;
}

/**
 * What this daemon has done itself and nothing has changed since: it saves asking the engine. Whatever the
 * engine tells otherwise is forgotten, and asked again.
 */
export class KnownStates {
  /** Containers that were created and not started, with the engine's ids. */
  readonly created = new Map<ContainerId | SandboxId, string>();
  /** Infra containers that run. */
  readonly infra = new Map<SandboxId, RunningInfra>();

  /** It has ended or is gone. */
  forget(id: ContainerId | SandboxId): void {
    this.created.delete(id);
    this.infra.delete(id as SandboxId);
  }

  /** Anything may have happened. */
  clear(): void {
    this.created.clear();
    this.infra.clear();
  }
}
