import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { RuntimeError } from '@crihub/kernel';
import { BASE_ENVIRONMENT, exitCodeOf, killGroup } from './run.ts';

export interface SpawnOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: boolean;
  readonly extraFds?: readonly number[];
}

/** A running child with its streams. */
export interface SpawnedProcess {
  readonly pid: number;
  readonly stdin: Writable | undefined;
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
  const child = spawn(program, options.args ?? [], {
    cwd: options.cwd,
    env: { ...(options.env ?? BASE_ENVIRONMENT) },
    stdio: [options.stdin === true ? 'pipe' : 'ignore', 'pipe', 'pipe', ...(options.extraFds ?? [])],
    detached: true,
  });
  const exited = exitOf(child);
  await started(program, child);
  const pid = child.pid as number;
  return {
    pid,
    stdin: child.stdin ?? undefined,
    stdout: child.stdout as Readable,
    stderr: child.stderr as Readable,
    exited,
    killGroup: () => killGroup(pid),
  };
}

async function started(program: string, child: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.once('spawn', resolve);
  child.once('error', (cause) =>
    reject(new RuntimeError('FailedPrecondition', `can't run ${program}: ${cause.message}`, { cause })),
  );
  await promise;
}

const exitOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve) => {
    child.once('exit', (code, signalName) => resolve(exitCodeOf(code, signalName)));
  });
