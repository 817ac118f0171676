import type { Readable, Writable } from 'node:stream';
import type { ProcessExit, ProcessSession } from '@crihub/contract';
import { sleep } from '@crihub/kernel';
import type { Executor, MachineProcess } from '../execution/executor.ts';
import { killMarked } from './kill-marked.ts';
import type { MarkedSearch } from './process-mark.ts';

/** As a shell says of a command that can't be run. The runtime's sentence is in the error stream. */
const CANNOT_RUN_EXIT_CODE = 127;
/** Codes that runtimes end with when no process ran: for failures of their own, or for no good reason. */
const RUNTIME_FAILURES: readonly number[] = [0, 1, 125, 126, 127, 255];

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
    const exitCode = await child.exited;
    const ran = (await this.#executor.files.status(pidFile)) !== undefined;
    await this.#executor.files.remove(directory);
    const failed = !ran && RUNTIME_FAILURES.includes(exitCode);
    return { exitCode: failed ? CANNOT_RUN_EXIT_CODE : exitCode };
  }
}
