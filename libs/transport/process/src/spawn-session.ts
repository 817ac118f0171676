import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { tracedProcesses } from '@crihub/kernel';
import { keptOutput } from './kept-output.ts';
import { exitCodeOf, killGroup } from './run.ts';
import { startChild, startFailure, type StartOptions } from './start-child.ts';

export interface SpawnOptions extends StartOptions {
  readonly stdin?: boolean;
  readonly extraFds?: readonly number[];
}

/** A running child with its streams. */
export interface SpawnedProcess {
  readonly pid: number;
  readonly stdin: Writable | undefined;
  /** What it prints, also what it printed before anybody read. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the child has exited, whether or not its output was read to the end. */
  readonly exited: Promise<number>;
  /** SIGKILL to the child's process group. */
  killGroup(): void;
}

/**
 * Starts a program in a process group of its own; the caller owns its life.
 * @throws FailedPrecondition if the program can't be started.
 */
export async function spawnProcess(program: string, options: SpawnOptions = {}): Promise<SpawnedProcess> {
  const stdin = options.stdin === true ? 'pipe' : 'ignore';
  const child = startChild(program, options, [stdin, 'pipe', 'pipe', ...(options.extraFds ?? [])]);
  // A child may exit without reading its input; each write learns of it, and nobody else has to.
  child.stdin?.on('error', () => undefined);
  const exited = exitOf(child);
  void tracedProcesses.tracePromise(async () => ({ exitCode: await exited }), { program });
  await started(program, options, child);
  const pid = child.pid as number;
  return {
    pid,
    stdin: child.stdin ?? undefined,
    stdout: keptOutput(child.stdout as Readable),
    stderr: keptOutput(child.stderr as Readable),
    exited,
    killGroup: () => killGroup(pid),
  };
}

async function started(program: string, options: SpawnOptions, child: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.once('spawn', resolve);
  child.once('error', (cause) => reject(startFailure(program, options, cause)));
  await promise;
}

const exitOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve) => {
    child.once('exit', (code, signalName) => resolve(exitCodeOf(code, signalName)));
  });
