import type { ProcessRef } from '../processes/process-ref.ts';
import type { NamespaceWorker } from '../worker/namespace-worker.ts';
import type { BindMount } from './operations.ts';
import type { Confinement } from './process-operations.ts';

/**
 * Mounts of a process that has a mount namespace of its own. They end with it, and nobody else sees them or is
 * kept from removing what they are mounted on. All calls throw NotFound when the process has ended.
 */
export class ProcessMounts {
  readonly #process: ProcessRef;
  readonly #worker: NamespaceWorker;

  constructor(process: ProcessRef, { worker }: { readonly worker: NamespaceWorker }) {
    this.#process = process;
    this.#worker = worker;
  }

  /**
   * Leaves the process a root with nothing in it but some of its mounts, and its own part of `/proc`. What it
   * has open stays open. A process whose confinement has failed must be ended.
   */
  async confine(confinement: Omit<Confinement, 'process'>, signal?: AbortSignal): Promise<void> {
    await this.#worker.call('confineProcess', { ...confinement, process: this.#process }, signal);
  }

  /** Binds what we see at `source` to where the process sees `target`. */
  async bind(mount: BindMount, signal?: AbortSignal): Promise<void> {
    await this.#worker.call('bindMountOf', { ...mount, process: this.#process }, signal);
  }

  /** Detaches all mounts at and under a directory, as the process sees it. */
  async unmountUnder(directory: string, signal?: AbortSignal): Promise<void> {
    await this.#worker.call('unmountUnderOf', { directory, process: this.#process }, signal);
  }
}
