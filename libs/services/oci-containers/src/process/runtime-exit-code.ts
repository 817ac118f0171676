import type { Files } from '../execution/executor.ts';

/** As a shell says of a command that can't be run. The runtime's sentence is in the error stream. */
const CANNOT_RUN_EXIT_CODE = 127;
/** Codes that runtimes end with when no process ran: for failures of their own, or for no good reason. */
const RUNTIME_FAILURES: readonly number[] = [0, 1, 125, 126, 127, 255];

/**
 * How a further process ended, by the exit code of the runtime's `exec`.
 * @param pidFile the runtime writes it when the process runs.
 */
export async function runtimeExitCode(
  exitCode: number,
  pidFile: string,
  files: Pick<Files, 'status'>,
): Promise<number> {
  const ran = (await files.status(pidFile)) !== undefined;
  return !ran && RUNTIME_FAILURES.includes(exitCode) ? CANNOT_RUN_EXIT_CODE : exitCode;
}
