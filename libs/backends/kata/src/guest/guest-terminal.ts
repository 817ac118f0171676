import type { OciRuntime, StartedTerminal, TerminalExec } from '@crihub/service-oci-containers';
import { markedCommand, runtimeExitCode } from '@crihub/service-oci-containers';
import type { GuestExecutor } from './guest-executor.ts';
import { LOST_EXIT_CODE } from './guest-executor.ts';

const FIRST_SIZE = { width: 80, height: 24 };

/** Processes on the terminal that SSH gives: the runtime passes it on, and no conmon is needed. */
export class GuestTerminal implements Pick<TerminalExec, 'start'> {
  readonly #executor: GuestExecutor;
  readonly #runtime: Pick<OciRuntime, 'execCommand'>;

  constructor({
    executor,
    runtime,
  }: {
    readonly executor: GuestExecutor;
    readonly runtime: Pick<OciRuntime, 'execCommand'>;
  }) {
    this.#executor = executor;
    this.#runtime = runtime;
  }

  async start(...[exec, mark, signal]: Parameters<TerminalExec['start']>): Promise<StartedTerminal> {
    const { id, directory, processFile, stdin } = exec;
    const pidFile = `${directory}/pid`;
    const command = await this.#runtime.execCommand(id, { processFile, pidFile });
    signal.throwIfAborted();
    const process = await this.#executor.spawnOnTerminal('/bin/sh', markedCommand(mark, command), FIRST_SIZE);
    process.stderr.resume(); // a terminal has but one output
    return {
      streams: { stdin: stdin ? process.stdin : undefined, stdout: process.stdout },
      exitCode: this.#exitCode(process.exited, pidFile),
      resize: async (size) => process.resize(size),
    };
  }

  async #exitCode(exited: Promise<number>, pidFile: string): Promise<number> {
    try {
      return await runtimeExitCode(await exited, pidFile, this.#executor.files);
    } catch {
      return LOST_EXIT_CODE; // the connection was cut: nobody knows how the process ends
    }
  }
}
