import { describeError, RuntimeError } from '@crihub/kernel';

/** The error of a connection that can't be made, or was lost. */
export const unreachable = (server: string, problem: string, cause?: unknown): RuntimeError =>
  new RuntimeError(
    'Unavailable',
    `${server} ${problem}${cause === undefined ? '' : `: ${describeError(cause)}`}`,
    { reason: 'SshUnreachable', cause },
  );
