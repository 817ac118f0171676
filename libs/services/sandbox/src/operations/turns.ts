import { KeyedMutex, RuntimeError, untilAborted } from '@crihub/kernel';

/** Longest time for an operation whose caller has left. */
const LONGEST_MS = 120_000;

/**
 * Runs what must not be torn half way, one at a time for each id. A caller who gives up leaves at once; the
 * operation goes on to its end, and the next one on the same id waits for that.
 */
export class Turns {
  readonly #locks = new KeyedMutex<string>();
  /** What runs, with its group. */
  readonly #running = new Map<Promise<unknown>, string | undefined>();

  /**
   * @param group what `idle` may wait for, such as the pod of a container.
   * @throws the signal's reason if it aborts, also while the operation goes on.
   */
  async run<T>(
    id: string,
    signal: AbortSignal,
    operation: (own: AbortSignal) => Promise<T>,
    group?: string,
  ): Promise<T> {
    signal.throwIfAborted();
    const running = this.#perform(id, signal, operation);
    this.#running.set(running, group);
    const forget = (): void => void this.#running.delete(running);
    running.then(forget, forget);
    return await untilAborted(running, signal);
  }

  /** Resolves when all that was begun, or that of a group, has ended, or after `ms`. */
  async idle(ms: number, group?: string): Promise<void> {
    const awaited = [...this.#running].filter(([, other]) => group === undefined || other === group);
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([late, Promise.allSettled(awaited.map(([running]) => running))]);
    clearTimeout(timer);
  }

  async #perform<T>(
    id: string,
    caller: AbortSignal,
    operation: (own: AbortSignal) => Promise<T>,
  ): Promise<T> {
    using _held = await this.#locks.acquire(id, caller);
    const message = `an operation on ${id} took longer than ${String(LONGEST_MS)} ms`;
    const own = new AbortController();
    const timer = setTimeout(() => own.abort(new RuntimeError('DeadlineExceeded', message)), LONGEST_MS);
    try {
      return await operation(own.signal);
    } finally {
      clearTimeout(timer);
    }
  }
}
