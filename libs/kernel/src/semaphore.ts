import { untilAborted } from './keyed-mutex.ts';

/** At most `limit` holders at once; the rest wait in order of arrival. */
export class Semaphore {
  #limit: number;
  readonly #waiting: (() => void)[] = [];
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get held(): number {
    return this.#held;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** A lower limit lets holders finish; a higher one lets those who wait in at once. */
  set limit(limit: number) {
    this.#limit = limit;
    while (this.#held < this.#limit && this.#waiting.length > 0) {
      this.#held += 1;
      this.#waiting.shift()?.();
    }
  }

  /** Waits for a place. @throws the signal's reason if it aborts first. */
  async acquire(signal?: AbortSignal): Promise<Disposable> {
    signal?.throwIfAborted();
    if (this.#held < this.#limit) {
      this.#held += 1;
    } else {
      const { promise: granted, resolve: grant } = Promise.withResolvers<void>();
      this.#waiting.push(grant);
      try {
        await untilAborted(granted, signal);
      } catch (reason) {
        const place = this.#waiting.indexOf(grant);
        if (place >= 0) this.#waiting.splice(place, 1);
        else this.#release(); // granted in the same turn as the abort
        throw reason;
      }
    }
    let released = false;
    return {
      [Symbol.dispose]: () => {
        if (released) return;
        released = true;
        this.#release();
      },
    };
  }

  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    using _place = await this.acquire(signal);
    return await work();
  }

  #release(): void {
    const next = this.#held > this.#limit ? undefined : this.#waiting.shift();
    if (next !== undefined)
      next(); // the place passes on, so #held stays
    else this.#held -= 1;
  }
}
