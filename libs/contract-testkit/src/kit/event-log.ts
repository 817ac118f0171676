import type { Backend, BackendEvent, ContainerExit } from '@crihub/contract';
import type { ContainerId } from '@crihub/kernel';
import { eventually } from './waiting.ts';

/** Listens to a backend from now on and keeps what it tells. */
export class EventLog implements AsyncDisposable {
  readonly events: BackendEvent[] = [];
  readonly #end = new AbortController();
  readonly #listening: Promise<void>;

  constructor(backend: Backend) {
    this.#listening = this.#listen(backend.events(this.#end.signal));
  }

  exitsOf(id: ContainerId): readonly ContainerExit[] {
    return this.events.flatMap((event) =>
      event.type === 'containerExited' && event.id === id ? [event.exit] : [],
    );
  }

  async exitOf(id: ContainerId, ms = 10_000): Promise<ContainerExit> {
    return await eventually(`an exit event of ${id}`, () => this.exitsOf(id).at(0), ms);
  }

  /** Resolves when the iteration has ended, as it must once its signal aborts. */
  async stop(): Promise<void> {
    this.#end.abort();
    await this.#listening;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #listen(events: AsyncIterable<BackendEvent>): Promise<void> {
    for await (const event of events) this.events.push(event);
  }
}
