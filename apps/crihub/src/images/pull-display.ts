import type { PullImageResponse, PullPhase } from '@crihub/wire/admin';
import type { Terminal } from '../output/terminal.ts';
import { PullBar } from './pull-bar.ts';
import { describeProgress, type PullDisplay } from './pull-progress.ts';

const LINE_INTERVAL_MS = 3_000;

/** A bar for a person at a terminal, a line now and then for a log, nothing for a program. */
export function pullDisplay(reference: string, terminal: Terminal): PullDisplay {
  if (terminal.format === 'json') return SILENT;
  return terminal.isInteractive ? new PullBar(terminal.stderr) : new PullLines(reference, terminal);
}

const SILENT: PullDisplay = { show: async () => undefined, [Symbol.dispose]: () => undefined };

/** A line when the phase changes, and every few seconds. */
export class PullLines implements PullDisplay {
  readonly #reference: string;
  readonly #terminal: Pick<Terminal, 'remark'>;
  #last = '';
  #lastPhase: PullPhase | undefined;
  #lastTime = -Infinity;

  constructor(reference: string, terminal: Pick<Terminal, 'remark'>) {
    this.#reference = reference;
    this.#terminal = terminal;
  }

  async show(progress: PullImageResponse): Promise<void> {
    const line = `${this.#reference}: ${describeProgress(progress)}`;
    const now = performance.now();
    const due = progress.phase !== this.#lastPhase || now - this.#lastTime >= LINE_INTERVAL_MS;
    if (!due || line === this.#last) return;
    this.#last = line;
    this.#lastPhase = progress.phase;
    this.#lastTime = now;
    await this.#terminal.remark(line);
  }

  [Symbol.dispose](): void {
    // Lines stay as they are.
  }
}
