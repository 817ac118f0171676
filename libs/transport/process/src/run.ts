import type { StdioOptions } from 'node:child_process';
import { constants } from 'node:os';
import { RuntimeError, tracedProcesses } from '@crihub/kernel';
import { OutputBuffer } from './output-buffer.ts';
import { startChild, startFailure, type StartOptions } from './start-child.ts';

export interface RunOptions extends StartOptions {
  /** Written to the child's standard input, which is then closed. */
  readonly input?: string | Uint8Array;
  /** Open file descriptors given to the child as 3, 4, … */
  readonly extraFds?: readonly number[];
  /** Bytes kept of each output stream; the rest is read and discarded. */
  readonly maxOutputBytes?: number;
  /** Time until the child's process group is killed, in ms. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface RunResult {
  /** The exit code, or 128 + the number of the signal that ended the child. */
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

const DEFAULT_TIMEOUT_MS = 60_000;
// setTimeout takes a longer time for 1 ms.
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const DEFAULT_OUTPUT_BYTES = 1024 * 1024;
// A grandchild that kept the pipes open must not hold the result for ever.
const DRAIN_MS = 1_000;

/**
 * Runs a program to its end and collects its output. A non-zero exit is a result, not an error.
 * The child leads a process group of its own, and the whole group is killed on abort or timeout.
 * @throws FailedPrecondition if the program can't be started (the message names it), DeadlineExceeded
 *   after `timeoutMs`, or the signal's reason.
 */
export async function run(program: string, options: RunOptions = {}): Promise<RunResult> {
  return await tracedProcesses.tracePromise(async () => await runChild(program, options), { program });
}

async function runChild(program: string, options: RunOptions): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const limit = options.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const stdio: StdioOptions = [
    options.input === undefined ? 'ignore' : 'pipe',
    'pipe',
    'pipe',
    ...(options.extraFds ?? []),
  ];
  const child = startChild(program, options, stdio);
  const stdout = new OutputBuffer(limit);
  const stderr = new OutputBuffer(limit);
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  // A child may exit without reading its input: EPIPE is then no error of ours.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input);

  const { promise, resolve, reject } = Promise.withResolvers<RunResult>();
  let stopReason: Error | undefined;
  const stop = (reason: Error): void => {
    stopReason ??= reason;
    if (child.pid !== undefined) killGroup(child.pid);
  };
  const timer = setTimeout(
    () =>
      stop(
        new RuntimeError(
          'DeadlineExceeded',
          `${program} took longer than ${String(timeoutMs)} ms and was killed`,
        ),
      ),
    Math.min(timeoutMs, LONGEST_TIMER_MS),
  );
  const onAbort = (): void => stop(options.signal?.reason as Error);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  let drainTimer: NodeJS.Timeout | undefined;

  child.once('error', (cause) => reject(startFailure(program, options, cause)));
  child.once('exit', () => {
    clearTimeout(timer); // it ended in time; only its output may still be on its way
    drainTimer = setTimeout(() => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, DRAIN_MS);
  });
  child.once('close', (code, signalName) => {
    if (stopReason !== undefined) reject(stopReason);
    else resolve({ exitCode: exitCodeOf(code, signalName), stdout: stdout.take(), stderr: stderr.take() });
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    clearTimeout(drainTimer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

/** Kills a whole process group; one that is gone is no error. */
export function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** The shell's convention: 128 + signal number. */
export const exitCodeOf = (code: number | null, signalName: NodeJS.Signals | null): number =>
  code ?? (signalName === null ? 255 : 128 + constants.signals[signalName]);
