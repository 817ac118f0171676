/** One lock per key, in order of arrival. A key that nobody holds or waits for takes no memory. */
export class KeyedMutex<Key> {
  readonly #tails = new Map<Key, Promise<void>>();

  /** Number of keys that are held or waited for. */
  get size(): number {
    return this.#tails.size;
  }

  /**
   * Waits for the key and holds it until the result is disposed.
   * @throws the signal's reason if it aborts first; the place in the queue is then given up.
   */
  async acquire(key: Key, signal?: AbortSignal): Promise<Disposable> {
    signal?.throwIfAborted();
    const previous = this.#tails.get(key);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const tail = previous === undefined ? released : previous.then(() => released);
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    if (previous !== undefined) {
      try {
        await untilAborted(previous, signal);
      } catch (reason) {
        release();
        throw reason;
      }
    }
    return { [Symbol.dispose]: release };
  }

  /** Runs `work` while holding the key. */
  async run<T>(key: Key, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    using _held = await this.acquire(key, signal);
    return await work();
  }
}

/** The promise's outcome, or a rejection with the signal's reason if that comes first. */
export async function untilAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return await promise;
  // When the caller leaves first, a rejection that comes later is nobody's, and not an accident.
  promise.catch(() => undefined);
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
