import { RuntimeError } from '@crihub/kernel';
import { runtimeMessage } from '@crihub/service-sandbox';
import type { RunResult } from '@crihub/transport/process';
import type { Executor } from '../execution/executor.ts';

export interface OciRuntimeOptions {
  /** Directory of its state. */
  readonly root: string;
  readonly systemdCgroup: boolean;
  readonly callTimeoutMs: number;
}

export interface OciRuntimeDependencies {
  readonly executor: Executor;
  /** Finds the program. @throws Unavailable if it is not installed. */
  readonly program: () => Promise<string>;
}

/** The command line of an OCI runtime, as runc, crun and runsc share it. Creating is conmon's to ask for. */
export class OciRuntime {
  readonly #program: () => Promise<string>;
  readonly #root: string;
  readonly #systemdCgroup: boolean;
  readonly #timeoutMs: number;
  readonly #executor: Executor;

  constructor(options: OciRuntimeOptions, { executor, program }: OciRuntimeDependencies) {
    this.#program = program;
    this.#root = options.root;
    this.#systemdCgroup = options.systemdCgroup;
    this.#timeoutMs = options.callTimeoutMs;
    this.#executor = executor;
  }

  /** Lets a created container's program go. @throws FailedPrecondition with the runtime's sentence. */
  async start(id: string, signal: AbortSignal): Promise<void> {
    const result = await this.#run(['start', id], signal);
    if (result.exitCode !== 0) throw failure('start container', id, result);
  }

  /** Kills and forgets a container; one that it does not know is no error. */
  async delete(id: string, signal: AbortSignal): Promise<void> {
    const result = await this.#run(['delete', '--force', id], signal);
    if (result.exitCode !== 0 && (await this.knows(id))) throw failure('delete container', id, result);
  }

  async knows(id: string): Promise<boolean> {
    return (await this.#executor.files.status(this.stateDirectory(id))) !== undefined;
  }

  /** Where the runtime keeps the state of a container. */
  stateDirectory(id: string): string {
    return `${this.#root}/${id}`;
  }

  /**
   * Whether a created container's program was let go: until then the runtimes keep a FIFO on which its
   * first process waits.
   */
  async wasStarted(id: string): Promise<boolean> {
    return (await this.#executor.files.status(`${this.stateDirectory(id)}/exec.fifo`)) === undefined;
  }

  /** The command line that runs a further process. */
  async execCommand(
    id: string,
    { processFile, pidFile }: { readonly processFile: string; readonly pidFile: string },
  ): Promise<readonly [program: string, ...args: string[]]> {
    const exec = ['exec', '--process', processFile, '--pid-file', pidFile, id];
    return [await this.#program(), ...this.#globals(), ...exec];
  }

  #globals(): readonly string[] {
    return ['--root', this.#root, ...(this.#systemdCgroup ? ['--systemd-cgroup'] : [])];
  }

  async #run(args: readonly string[], signal: AbortSignal): Promise<RunResult> {
    return await this.#executor.run(await this.#program(), {
      args: [...this.#globals(), ...args],
      timeoutMs: this.#timeoutMs,
      signal,
    });
  }
}

const failure = (operation: string, id: string, { exitCode, stderr }: RunResult): RuntimeError =>
  new RuntimeError(
    'FailedPrecondition',
    `${runtimeMessage(stderr.toString())} (exit code ${String(exitCode)})`,
    {
      operation,
      id,
    },
  );
