import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { RuntimeError, untilAborted } from '@crihub/kernel';
import type { OperationInput, OperationName, OperationOutput } from './operations.ts';
import type { WorkerRequest, WorkerResponse } from './protocol.ts';
import { fromTransferable } from './transferable-error.ts';

export interface NamespaceWorkerOptions {
  /** Longest time for one call, in ms, waiting behind others included; the thread is given up after it. */
  readonly callTimeoutMs?: number;
  /** The thread's program, for a bundle that has `@crihub/linux/worker` in another place. */
  readonly program?: URL;
}

const SOURCE = new URL('./worker.ts', import.meta.url);
// A thread that waits for the kernel ends when the kernel lets it; nobody should wait for that.
const END_WAIT_MS = 2_000;

interface Outstanding {
  readonly operation: OperationName;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

interface Thread {
  readonly worker: Worker;
  readonly outstanding: Map<number, Outstanding>;
}

/**
 * The one thread on which crihub changes namespaces and mounts. Calls run in the order in which they were
 * made, so undoing a call that was given up by its caller takes effect after that call. The thread starts
 * at the first call, and again after it died; it does not keep the process alive by itself.
 */
export class NamespaceWorker {
  readonly #callTimeoutMs: number;
  readonly #program: URL;
  #thread: Thread | undefined;
  #closed = false;
  #lastId = 0;

  constructor({ callTimeoutMs = 30_000, program = SOURCE }: NamespaceWorkerOptions = {}) {
    this.#callTimeoutMs = callTimeoutMs;
    this.#program = program;
  }

  /**
   * Runs one operation.
   * @throws what the operation throws; `Unavailable` if the thread died meanwhile or this is closed;
   *   `DeadlineExceeded` after `callTimeoutMs`; the signal's reason, while the operation runs on.
   */
  async call<Name extends OperationName>(
    operation: Name,
    input: OperationInput<Name>,
    signal?: AbortSignal,
  ): Promise<OperationOutput<Name>> {
    signal?.throwIfAborted();
    if (this.#closed) throw new RuntimeError('Unavailable', `the namespace worker is closed (${operation})`);
    const result = this.#post(operation, input);
    // The caller may leave before the call fails; the rejection is then nobody's, and not an accident.
    result.catch(() => undefined);
    return (await untilAborted(result, signal)) as OperationOutput<Name>;
  }

  /** Ends the thread; calls that it has not answered are rejected. May be repeated. */
  async close(): Promise<void> {
    this.#closed = true;
    const thread = this.#thread;
    if (thread === undefined) return;
    this.#abandon(thread, new RuntimeError('Unavailable', 'the namespace worker was closed'));
    await Promise.race([thread.worker.terminate(), sleep(END_WAIT_MS, undefined, { ref: false })]);
  }

  async #post(operation: OperationName, input: unknown): Promise<unknown> {
    const thread = (this.#thread ??= this.#start());
    const id = (this.#lastId += 1);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timer = setTimeout(() => this.#expire(thread, operation), this.#callTimeoutMs);
    thread.outstanding.set(id, { operation, resolve, reject, timer });
    thread.worker.ref(); // a call in flight keeps the process alive, an idle thread does not
    thread.worker.postMessage({ id, operation, input } satisfies WorkerRequest);
    return await promise;
  }

  #start(): Thread {
    const worker = new Worker(this.#program, {
      name: 'crihub-namespaces',
      execArgv: [],
    });
    const thread: Thread = { worker, outstanding: new Map() };
    worker.unref();
    worker.on('message', (response: WorkerResponse) => this.#settle(thread, response));
    worker.once('error', (cause) =>
      this.#abandon(thread, new RuntimeError('Unavailable', 'the namespace worker died', { cause })),
    );
    worker.once('exit', () =>
      this.#abandon(thread, new RuntimeError('Unavailable', 'the namespace worker ended unexpectedly')),
    );
    return thread;
  }

  #settle(thread: Thread, response: WorkerResponse): void {
    const call = thread.outstanding.get(response.id);
    if (call === undefined) return;
    thread.outstanding.delete(response.id);
    clearTimeout(call.timer);
    if (thread.outstanding.size === 0) thread.worker.unref();
    if (response.ok) call.resolve(response.output);
    else call.reject(fromTransferable(response.error));
    if (!response.ok && response.lost) {
      this.#abandon(thread, new RuntimeError('Unavailable', 'the namespace worker lost its namespaces'));
      void thread.worker.terminate();
    }
  }

  #expire(thread: Thread, operation: OperationName): void {
    const sentence = `${operation} took longer than ${String(this.#callTimeoutMs)} ms`;
    this.#abandon(thread, new RuntimeError('DeadlineExceeded', sentence, { operation }));
    void thread.worker.terminate();
  }

  /** Rejects what the thread still owes; the next call starts a new thread. */
  #abandon(thread: Thread, reason: Error): void {
    if (this.#thread === thread) this.#thread = undefined;
    for (const { reject, timer } of thread.outstanding.values()) {
      clearTimeout(timer);
      reject(reason);
    }
    thread.outstanding.clear();
  }
}
