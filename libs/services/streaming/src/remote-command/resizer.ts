import type { Readable } from 'node:stream';
import type { ProcessSession, TerminalSize } from '@crihub/contract';
import { TerminalSizes } from './terminal-sizes.ts';

/** Gives a session the terminal's sizes one after the other; those that are old by their turn are left out. */
export class Resizer {
  readonly #session: Pick<ProcessSession, 'resize'>;
  readonly #sizes = new TerminalSizes();
  #next: TerminalSize | undefined;
  #busy = false;

  constructor(session: Pick<ProcessSession, 'resize'>) {
    this.#session = session;
  }

  /** @param sizes JSON objects, as clients send them. */
  follow(sizes: Readable): void {
    sizes.on('data', (bytes: Buffer) => {
      this.#next = this.#sizes.push(bytes).at(-1) ?? this.#next;
      if (!this.#busy) void this.#apply();
    });
  }

  async #apply(): Promise<void> {
    this.#busy = true;
    for (let size = this.#next; size !== undefined; size = this.#next) {
      this.#next = undefined;
      // A process that has just ended has no terminal to resize, and its end is told otherwise.
      await this.#session.resize(size).catch(() => undefined);
    }
    this.#busy = false;
  }
}
