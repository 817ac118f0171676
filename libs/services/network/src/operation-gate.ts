import { KeyedMutex, untilAborted } from '@crihub/kernel';

/**
 * Lets any number of shared operations on a key overlap, and an exclusive one only run alone. Who waits
 * for exclusive use holds back the shared operations that come later, so it is not starved.
 */
export class OperationGate<Key> {
  readonly #entrance = new KeyedMutex<Key>();
  readonly #running = new Map<Key, Set<Promise<void>>>();

  async shared<T>(key: Key, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    {
      using _entrance = await this.#entrance.acquire(key, signal);
      const running = this.#running.get(key) ?? new Set<Promise<void>>();
      this.#running.set(key, running.add(ended));
    }
    try {
      return await work();
    } finally {
      this.#leave(key, ended);
      end();
    }
  }

  async exclusive<T>(key: Key, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    using _entrance = await this.#entrance.acquire(key, signal);
    await untilAborted(Promise.all([...(this.#running.get(key) ?? [])]), signal);
    return await work();
  }

  #leave(key: Key, ended: Promise<void>): void {
    const running = this.#running.get(key);
    running?.delete(ended);
    if (running?.size === 0) this.#running.delete(key);
  }
}
