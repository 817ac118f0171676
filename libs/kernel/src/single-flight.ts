import { untilAborted } from './keyed-mutex.ts';

/**
 * Shares one run of an operation among all who ask for the same key while it lasts. A caller whose
 * signal aborts leaves alone: the run goes on, and whoever asks next joins it or starts a new one.
 */
export class SingleFlight<Key, Result> {
  readonly #running = new Map<Key, Promise<Result>>();

  get size(): number {
    return this.#running.size;
  }

  has(key: Key): boolean {
    return this.#running.has(key);
  }

  async run(key: Key, operation: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    signal?.throwIfAborted();
    let flight = this.#running.get(key);
    if (flight === undefined) {
      flight = operation().finally(() => this.#running.delete(key));
      // The last caller may have left before it fails; the rejection is then nobody's, and not an accident.
      flight.catch(() => undefined);
      this.#running.set(key, flight);
    }
    return await untilAborted(flight, signal);
  }
}
