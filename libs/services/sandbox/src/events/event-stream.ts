import type { BackendEvent } from '@crihub/contract';
import { BoundedQueue } from '@crihub/kernel';

const QUEUE_LENGTH = 4_096;

/** Tells events to all who listen. Nobody slow holds up another: who can't keep up is told to resync. */
export class EventStream {
  readonly #listeners = new Set<BoundedQueue<BackendEvent>>();

  push(event: BackendEvent): void {
    for (const queue of this.#listeners) queue.push(event);
  }

  /** Listens from now on, not from the first iteration on, until the signal aborts. */
  listen(signal: AbortSignal): AsyncIterable<BackendEvent> {
    const queue = new BoundedQueue<BackendEvent>(QUEUE_LENGTH);
    const end = (): void => {
      this.#listeners.delete(queue);
      queue.close();
    };
    if (signal.aborted) {
      end();
    } else {
      this.#listeners.add(queue);
      signal.addEventListener('abort', end, { once: true });
    }
    return withLosses(queue);
  }

  close(): void {
    for (const queue of this.#listeners) queue.close();
    this.#listeners.clear();
  }
}

async function* withLosses(queue: BoundedQueue<BackendEvent>): AsyncGenerator<BackendEvent> {
  let told = 0;
  for await (const event of queue) {
    if (queue.dropped > told) {
      told = queue.dropped;
      yield { type: 'resync' };
    }
    yield event;
  }
}
