import { sleep } from '@crihub/kernel';

const POLL_MS = 20;

/**
 * Containers that lacked memory, by the engine's ids. The engine keeps that news only if it came before the
 * death, which on a busy machine it may not.
 */
export class MemoryDeaths {
  readonly #ids = new Set<string>();

  add(engineId: string): void {
    this.#ids.add(engineId);
  }

  has(engineId: string): boolean {
    return this.#ids.has(engineId);
  }

  /** Waits for the news, but not longer than `ms`. */
  async within(engineId: string, ms: number): Promise<boolean> {
    for (let waited = 0; waited < ms && !this.has(engineId); waited += POLL_MS) await sleep(POLL_MS);
    return this.has(engineId);
  }

  /** The container is gone. */
  forget(engineId: string): void {
    this.#ids.delete(engineId);
  }
}
