import type { Settings } from '../records/settings.ts';

/** The handlers that take no new pods, by an operator's word; it outlives the daemon. */
export class Drains {
  readonly #settings: Settings;
  readonly #drained: Set<string>;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#drained = new Set((settings.get('drained') ?? '').split(',').filter(Boolean));
  }

  has(handler: string): boolean {
    return this.#drained.has(handler);
  }

  set(handler: string, drained: boolean): void {
    const next = new Set(this.#drained);
    if (drained) next.add(handler);
    else next.delete(handler);
    this.#settings.set('drained', [...next].join(','));
    if (drained) this.#drained.add(handler);
    else this.#drained.delete(handler);
  }
}
