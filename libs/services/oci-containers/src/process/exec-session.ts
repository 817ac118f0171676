import type { Readable, Writable } from 'node:stream';
import type { ProcessExit, ProcessSession } from '@crihub/contract';
import { sleep } from '@crihub/kernel';
import type { Executor, MachineProcess } from '../execution/executor.ts';
import { UNKNOWN_EXIT_CODE } from '../exits/exit-files.ts';
import { killMarked } from './kill-marked.ts';
import type { MarkedSearch } from './process-mark.ts';
import { runtimeExitCode } from './runtime-exit-code.ts';

/** Time for the runtime to notice that its process has ended, in ms. */
const REAP_MS = 500;

export interface ExecSessionInput extends MarkedSearch {
  /** The OCI runtime's `exec`, which lasts as long as the process does. */
  readonly child: MachineProcess;
  /** The runtime writes it when the process runs. */
  readonly pidFile: string;
  /** The exec's own, removed in the end. */
  readonly directory: string;
}

/** A further process in a container, on pipes. */
export class ExecSession implements ProcessSession {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exit: Promise<ProcessExit>;
  readonly #input: ExecSessionInput;
  readonly #executor: Executor;

  constructor(input: ExecSessionInput, { executor }: { readonly executor: Executor }) {
    this.#input = input;
    this.#executor = executor;
    const { stdin, stdout, stderr } = input.child;
    this.stdin = stdin;
    this.stdout = stdout;
    this.stderr = stderr;
    this.exit = this.#exit();
  }

  /** There is no terminal. */
  async resize(): Promise<void> {}

  /**
   * What runs in the container goes first: the runtime's exec is its parent and reaps it. Without it the
   * container's first process would inherit a zombie, and few of those reap.
   */
  async kill(): Promise<void> {
    const { child } = this.#input;
    await killMarked(this.#executor, this.#input);
    await Promise.race([child.exited, sleep(REAP_MS)]);
    child.killGroup();
    await killMarked(this.#executor, this.#input);
  }

  async #exit(): Promise<ProcessExit> {
    const { child, pidFile, directory } = this.#input;
    const told = await child.exited;
    try {
      const exitCode = await runtimeExitCode(told, pidFile, this.#executor.files);
      await this.#executor.files.remove(directory);
      return { exitCode };
    } catch {
      return { exitCode: UNKNOWN_EXIT_CODE }; // the machine is gone: the next call for it says so
    }
  }
}
