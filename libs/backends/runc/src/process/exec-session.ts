import type { Readable, Writable } from 'node:stream';
import type { ProcessExit, ProcessSession } from '@crihub/contract';
import { sleep, withDeadline } from '@crihub/kernel';
import type { SpawnedProcess } from '@crihub/transport/process';
import type { Executor } from '../execution/executor.ts';
import { markedProcesses } from './process-mark.ts';

const SIGKILL = 9;
const KILL_TIMEOUT_MS = 10_000;
const POLL_MS = 5;
/** As a shell says of a command that can't be run. The runtime's sentence is in the error stream. */
const CANNOT_RUN_EXIT_CODE = 127;
/** Codes that runtimes end with for failures of their own. */
const RUNTIME_FAILURES: readonly number[] = [1, 125, 126, 127, 255];

export interface ExecSessionInput {
  /** The OCI runtime's `exec`, which lasts as long as the process does. */
  readonly child: SpawnedProcess;
  readonly cgroup: string;
  readonly mark: number;
  /** When the runtime was started, in ticks since boot. */
  readonly since: number;
  /** The runtime writes it when the process runs. */
  readonly pidFile: string;
  /** Files to remove in the end. */
  readonly files: readonly string[];
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

  async kill(): Promise<void> {
    const { child } = this.#input;
    await withDeadline('killing the process and all it started', KILL_TIMEOUT_MS, undefined, async (signal) => {
      child.killGroup();
      for (;;) {
        const left = await markedProcesses(this.#executor, this.#input);
        if (left.length === 0) return;
        for (const process of left) await this.#executor.processes.signal(process, SIGKILL);
        await sleep(POLL_MS, signal);
      }
    });
  }

  async #exit(): Promise<ProcessExit> {
    const { child, pidFile, files } = this.#input;
    const exitCode = await child.exited;
    const ran = exitCode === 0 || (await this.#executor.files.status(pidFile)) !== undefined;
    await Promise.all([pidFile, ...files].map((path) => this.#executor.files.remove(path)));
    const failed = !ran && RUNTIME_FAILURES.includes(exitCode);
    return { exitCode: failed ? CANNOT_RUN_EXIT_CODE : exitCode };
  }
}
