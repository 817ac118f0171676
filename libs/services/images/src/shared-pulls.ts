import { untilAborted } from '@crihub/kernel';
import type { ProgressListener, PullProgress } from './pull-progress.ts';

interface Flight<Result> {
  readonly promise: Promise<Result>;
  readonly controller: AbortController;
  readonly listeners: Set<ProgressListener>;
  waiting: number;
}

export interface JoinOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressListener | undefined;
}

/** Lets callers who want the same share one pull. It is stopped when the last of them has left. */
export class SharedPulls<Result> {
  readonly #flights = new Map<string, Flight<Result>>();

  get size(): number {
    return this.#flights.size;
  }

  async run(
    key: string,
    start: (signal: AbortSignal, onProgress: ProgressListener) => Promise<Result>,
    { signal, onProgress }: JoinOptions,
  ): Promise<Result> {
    signal?.throwIfAborted();
    const flight = this.#flights.get(key) ?? this.#start(key, start);
    flight.waiting += 1;
    if (onProgress !== undefined) flight.listeners.add(onProgress);
    try {
      return await untilAborted(flight.promise, signal);
    } finally {
      if (onProgress !== undefined) flight.listeners.delete(onProgress);
      flight.waiting -= 1;
      if (flight.waiting === 0 && this.#flights.get(key) === flight) {
        // Whoever comes now must not join a pull that is being stopped.
        this.#flights.delete(key);
        flight.controller.abort(signal?.reason);
      }
    }
  }

  /** Stops all pulls and waits for their end. */
  async close(reason: Error): Promise<void> {
    const flights = [...this.#flights.values()];
    for (const { controller } of flights) controller.abort(reason);
    await Promise.allSettled(flights.map(({ promise }) => promise));
  }

  #start(
    key: string,
    start: (signal: AbortSignal, onProgress: ProgressListener) => Promise<Result>,
  ): Flight<Result> {
    const controller = new AbortController();
    const listeners = new Set<ProgressListener>();
    const tell = (progress: PullProgress): void => listeners.forEach((listener) => listener(progress));
    // A turn later, so that the first caller hears of the first step too.
    const promise = Promise.resolve()
      .then(() => start(controller.signal, tell))
      .finally(() => {
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
      });
    // All callers may have left before it fails; the rejection is then nobody's.
    promise.catch(() => undefined);
    const flight: Flight<Result> = { promise, controller, listeners, waiting: 0 };
    this.#flights.set(key, flight);
    return flight;
  }
}
