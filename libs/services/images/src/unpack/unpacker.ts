import { RuntimeError } from '@crihub/kernel';
import type { GrowingFile } from '../growing-file.ts';
import type { ArchiveMember, SplitJob } from './archive-splitter.ts';
import type { LayerUsage } from './layer-writer.ts';
import type { Job } from './protocol.ts';
import type { LayerJob } from './unpack-layer.ts';
import { UnpackThread } from './unpack-thread.ts';

export interface UnpackerOptions {
  /** Threads at most; each takes several jobs. */
  readonly threads?: number;
  /** A thread without work is ended after this time, in ms, for its memory. */
  readonly idleMs?: number;
}

/** Unpacks archives in worker threads, which are started when there is work. */
export class Unpacker {
  readonly #limit: number;
  readonly #idleMs: number;
  readonly #threads = new Set<UnpackThread>();
  #closed = false;

  constructor({ threads = 2, idleMs = 30_000 }: UnpackerOptions = {}) {
    this.#limit = threads;
    this.#idleMs = idleMs;
  }

  /** Verifies and unpacks a layer while its file grows. */
  async unpack(file: GrowingFile, layer: LayerJob, signal?: AbortSignal): Promise<LayerUsage> {
    return (await this.#run(file, { type: 'layer', layer }, signal)) as LayerUsage;
  }

  /** Splits an image archive into its members while its file grows. */
  async split(file: GrowingFile, archive: SplitJob, signal?: AbortSignal): Promise<readonly ArchiveMember[]> {
    return (await this.#run(file, { type: 'split', archive }, signal)) as readonly ArchiveMember[];
  }

  /** Ends all threads; jobs that run are rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }

  async #run(file: GrowingFile, job: Job, signal: AbortSignal | undefined): Promise<unknown> {
    signal?.throwIfAborted();
    if (this.#closed) throw new RuntimeError('Unavailable', 'the image store is closed');
    return await this.#thread().run(file, job, signal);
  }

  #thread(): UnpackThread {
    const [leastBusy] = [...this.#threads].sort((a, b) => a.jobs - b.jobs);
    if (leastBusy !== undefined && (leastBusy.jobs === 0 || this.#threads.size >= this.#limit))
      return leastBusy;
    const thread = new UnpackThread({ idleMs: this.#idleMs, onEnd: () => this.#threads.delete(thread) });
    this.#threads.add(thread);
    return thread;
  }
}
