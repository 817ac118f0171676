import { RuntimeError } from '@crihub/kernel';
import { Worker } from 'node:worker_threads';
import type { GrowingFile } from '../growing-file.ts';
import type { FromWorker, Job, ToWorker } from './protocol.ts';

export interface UnpackThreadOptions {
  readonly idleMs: number;
  /** Called once, when the thread takes no more jobs. */
  readonly onEnd: () => void;
}

interface PendingJob {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** One worker thread and the jobs that it has. */
export class UnpackThread {
  readonly #worker = new Worker(new URL('./worker.ts', import.meta.url));
  readonly #options: UnpackThreadOptions;
  readonly #pending = new Map<number, PendingJob>();
  #lastId = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(options: UnpackThreadOptions) {
    this.#options = options;
    this.#worker.unref();
    this.#worker.on('message', (message: FromWorker) => this.#settle(message));
    this.#worker.on('error', (cause: Error) => this.#end(cause));
    this.#worker.on('exit', () => this.#end(undefined));
  }

  get jobs(): number {
    return this.#pending.size;
  }

  /** Runs a job to its end; after an abort, waits until the thread has let go of its files. */
  async run(file: GrowingFile, job: Job, signal: AbortSignal | undefined): Promise<unknown> {
    clearTimeout(this.#idleTimer);
    // A daemon with work in hand must not end; an idle thread must not keep it alive.
    this.#worker.ref();
    const id = (this.#lastId += 1);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject });
    this.#send({ type: 'start', id, job, path: file.path });
    const unsubscribe = file.subscribe((bytes, complete) =>
      this.#send({ type: 'grown', id, bytes, complete }),
    );
    const onAbort = (): void => this.#send({ type: 'abort', id });
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await promise;
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      unsubscribe();
      this.#rest();
    }
  }

  async terminate(): Promise<void> {
    clearTimeout(this.#idleTimer);
    await this.#worker.terminate();
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #settle(message: FromWorker): void {
    const job = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.type === 'done') job?.resolve(message.result);
    else job?.reject(new RuntimeError(message.error.kind, message.error.message));
  }

  #rest(): void {
    if (this.#pending.size > 0) return;
    this.#worker.unref();
    this.#idleTimer = setTimeout(() => {
      this.#options.onEnd();
      void this.#worker.terminate();
    }, this.#options.idleMs);
    this.#idleTimer.unref();
  }

  #end(cause: Error | undefined): void {
    clearTimeout(this.#idleTimer);
    this.#options.onEnd();
    const error = new RuntimeError('Internal', 'the thread that unpacks layers ended', { cause });
    for (const job of this.#pending.values()) job.reject(error);
    this.#pending.clear();
  }
}
