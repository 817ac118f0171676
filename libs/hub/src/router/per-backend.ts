import type { Backend } from '@crihub/contract';
import type { Handler } from './handler.ts';

/** Something that goes along with a backend while a handler stands on it. */
export interface Companion {
  close(): Promise<void>;
}

/** One companion for each backend: made when its handler comes, closed when it goes. */
export class PerBackend<T extends Companion> {
  readonly #make: (handler: Handler) => T;
  readonly #companions = new Map<Backend, T>();

  constructor(make: (handler: Handler) => T) {
    this.#make = make;
  }

  of(backend: Backend): T | undefined {
    return this.#companions.get(backend);
  }

  /** @returns those that were made now. */
  async set(handlers: readonly Handler[]): Promise<readonly T[]> {
    const gone = [...this.#companions].filter(
      ([backend]) => !handlers.some((handler) => handler.backend === backend),
    );
    const made = handlers
      .filter(({ backend }) => !this.#companions.has(backend))
      .map((handler) => {
        const companion = this.#make(handler);
        this.#companions.set(handler.backend, companion);
        return companion;
      });
    await Promise.all(
      gone.map(async ([backend, companion]) => {
        this.#companions.delete(backend);
        await companion.close();
      }),
    );
    return made;
  }

  async close(): Promise<void> {
    await this.set([]);
  }
}
