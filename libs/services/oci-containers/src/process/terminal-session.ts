import type { Readable, Writable } from 'node:stream';
import type { ProcessExit, ProcessSession, TerminalSize } from '@crihub/contract';
import type { Executor } from '../execution/executor.ts';
import { killMarked } from './kill-marked.ts';
import type { MarkedSearch } from './process-mark.ts';
import type { StartedTerminal } from './terminal-exec.ts';

export interface TerminalSessionInput extends MarkedSearch {
  readonly terminal: StartedTerminal;
  /** The exec's own, removed in the end. */
  readonly directory: string;
}

/** A further process in a container, on a terminal. */
export class TerminalSession implements ProcessSession {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr = undefined;
  readonly exit: Promise<ProcessExit>;
  readonly #input: TerminalSessionInput;
  readonly #executor: Executor;

  constructor(input: TerminalSessionInput, { executor }: { readonly executor: Executor }) {
    this.#input = input;
    this.#executor = executor;
    this.stdin = input.terminal.streams.stdin;
    this.stdout = input.terminal.streams.stdout;
    this.exit = this.#exit();
  }

  async resize(size: TerminalSize): Promise<void> {
    await this.#input.terminal.resize(size);
  }

  async kill(): Promise<void> {
    await killMarked(this.#executor, this.#input);
  }

  async #exit(): Promise<ProcessExit> {
    const { terminal, directory } = this.#input;
    const exitCode = await terminal.exitCode;
    // A machine that is gone has taken its files with it; the next call for it says so.
    await this.#executor.files.remove(directory).catch(() => undefined);
    return { exitCode };
  }
}
