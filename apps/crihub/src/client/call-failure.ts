import { connect } from 'node:net';
import { type ServiceError, status } from '@grpc/grpc-js';
import { errnoCode, type ErrorKind, RuntimeError } from '@crihub/kernel';

const KINDS: Partial<Record<status, ErrorKind>> = {
  [status.NOT_FOUND]: 'NotFound',
  [status.INVALID_ARGUMENT]: 'InvalidArgument',
  [status.ALREADY_EXISTS]: 'AlreadyExists',
  [status.FAILED_PRECONDITION]: 'FailedPrecondition',
  [status.PERMISSION_DENIED]: 'PermissionDenied',
  [status.UNAVAILABLE]: 'Unavailable',
  [status.DEADLINE_EXCEEDED]: 'DeadlineExceeded',
  [status.CANCELLED]: 'Cancelled',
  [status.UNIMPLEMENTED]: 'Unimplemented',
  [status.RESOURCE_EXHAUSTED]: 'ResourceExhausted',
};

const CONNECT_MS = 1_000;
/** How grpc-js begins when its own timer fired; else it was the daemon that ran out of time. */
const OWN_DEADLINE = /^Deadline exceeded\b/;

/** Whether a rejection comes from gRPC. */
export const isServiceError = (error: unknown): error is ServiceError =>
  error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;

/**
 * The daemon's own words with their kind; or why it could not be asked, and what to do. Without the cause,
 * which says the same again in gRPC's words.
 */
export async function explainFailure(error: unknown, socket: string): Promise<unknown> {
  if (!isServiceError(error)) return error;
  if (error.code === status.UNAVAILABLE) {
    const code = await connectionTrouble(socket);
    if (code !== undefined) return unreachable(socket, code);
  }
  if (error.code === status.UNIMPLEMENTED && error.details.includes('crihub.admin')) {
    return new RuntimeError(
      'Unimplemented',
      `what listens on ${socket} is not crihubd, or an older one: name crihub's socket with --socket`,
    );
  }
  if (error.code === status.DEADLINE_EXCEEDED && OWN_DEADLINE.test(error.details)) {
    return new RuntimeError(
      'DeadlineExceeded',
      `crihubd did not answer in time (${error.details}); its log says what it is at`,
    );
  }
  return new RuntimeError(KINDS[error.code] ?? 'Internal', error.details);
}

/** The error code of an attempt to connect; nothing if somebody listens. */
export async function connectionTrouble(socket: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const connection = connect(socket);
  connection.once('connect', () => resolve(undefined));
  connection.once('error', (error) => resolve(errnoCode(error) ?? error.message));
  connection.setTimeout(CONNECT_MS, () => resolve('ETIMEDOUT'));
  try {
    return await promise;
  } finally {
    connection.destroy();
  }
}

/** What an operator is told when nobody answers on the socket. */
export function unreachable(socket: string, code: string): RuntimeError {
  if (code === 'EACCES' || code === 'EPERM') {
    const message = `you may not use ${socket}: run the command as root`;
    return new RuntimeError('PermissionDenied', message);
  }
  const why = code === 'ENOENT' ? 'there is no' : `nothing answers on (${code})`;
  return new RuntimeError(
    'Unavailable',
    `crihubd is not running: ${why} ${socket}. Start it with 'systemctl start crihubd' or 'crihubd', ` +
      'or name its socket with --socket',
  );
}
