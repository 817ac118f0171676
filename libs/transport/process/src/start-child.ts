import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { RuntimeError } from '@crihub/kernel';

/** What a child gets when the caller names no environment: enough to find programs. */
export const BASE_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
};

export interface StartOptions {
  readonly args?: readonly string[];
  /** The whole environment of the child; nothing is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/**
 * Starts a program as the leader of a process group of its own. What Node reports later, by the `error`
 * event, is for the caller to pass to `startFailure`.
 * @throws FailedPrecondition for what Node reports at once: E2BIG, ENOTDIR, a null byte in an argument.
 */
export function startChild(program: string, options: StartOptions, stdio: StdioOptions): ChildProcess {
  try {
    return spawn(program, options.args ?? [], {
      cwd: options.cwd,
      env: { ...(options.env ?? BASE_ENVIRONMENT) },
      stdio,
      detached: true,
    });
  } catch (cause) {
    throw startFailure(program, options, cause as Error);
  }
}

/** The error of a program that can't be started; ENOENT may also mean its working directory. */
export function startFailure(program: string, { cwd }: StartOptions, cause: Error): RuntimeError {
  const where = cwd === undefined ? '' : ` in ${cwd}`;
  return new RuntimeError('FailedPrecondition', `can't run ${program}${where}: ${cause.message}`, { cause });
}
