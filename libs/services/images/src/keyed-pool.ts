import { Semaphore } from '@crihub/kernel';

/** A semaphore per key; those that nobody uses are forgotten. */
export class KeyedPool<Key> {
  readonly #limit: number;
  readonly #semaphores = new Map<Key, Semaphore>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: Key): Semaphore {
    for (const [other, { held, waiting }] of this.#semaphores) {
      if (other !== key && held === 0 && waiting === 0) this.#semaphores.delete(other);
    }
    const semaphore = this.#semaphores.get(key) ?? new Semaphore(this.#limit);
    this.#semaphores.set(key, semaphore);
    return semaphore;
  }
}
