import { BoundedQueue } from '@crihub/kernel';

/** Events that one slow subscriber may be behind by before the oldest are dropped. */
const BACKLOG = 1_000;

/** Hands each event to every subscriber and never waits for one. */
export class EventHub<Event> {
  readonly #subscribers = new Set<BoundedQueue<Event>>();
  #droppedByGone = 0;

  get subscribers(): number {
    return this.#subscribers.size;
  }

  /** Events that slow subscribers missed, since the start. */
  get dropped(): number {
    let sum = this.#droppedByGone;
    for (const queue of this.#subscribers) sum += queue.dropped;
    return sum;
  }

  /** `make` is called only if somebody listens. */
  publish(make: () => Event): void {
    if (this.#subscribers.size === 0) return;
    const event = make();
    for (const queue of this.#subscribers) queue.push(event);
  }

  /** Everything published from now until the signal aborts. */
  async *subscribe(signal: AbortSignal): AsyncGenerator<Event> {
    const queue = new BoundedQueue<Event>(BACKLOG);
    const close = (): void => queue.close();
    signal.addEventListener('abort', close, { once: true });
    if (signal.aborted) queue.close();
    this.#subscribers.add(queue);
    try {
      yield* queue;
    } finally {
      this.#subscribers.delete(queue);
      this.#droppedByGone += queue.dropped;
      signal.removeEventListener('abort', close);
    }
  }
}
