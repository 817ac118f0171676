import { errnoCode, type ErrorKind, RuntimeError } from '@crihub/kernel';

/** What dial says of an answer that is not the expected one (docker-modem). */
interface EngineAnswer extends Error {
  readonly statusCode: number;
  readonly json?: unknown;
}

const KINDS: Readonly<Record<number, ErrorKind>> = {
  400: 'InvalidArgument',
  403: 'PermissionDenied',
  404: 'NotFound',
  409: 'FailedPrecondition',
  501: 'Unimplemented',
  503: 'Unavailable',
};
/** The connection could not be made, or broke. */
const CONNECTION_CODES = ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'EACCES', 'ENOTSOCK'];

/** The HTTP status with which the engine refused, if it is such an error or was caused by one. */
export function statusOf(error: unknown): number | undefined {
  if (isAnswer(error)) return error.statusCode;
  return error instanceof Error && error.cause !== undefined ? statusOf(error.cause) : undefined;
}

/** Any failure of a call as a `RuntimeError` in the engine's own words. */
export function engineFailure(operation: string, socketPath: string, error: unknown): unknown {
  if (isAnswer(error)) {
    const kind = KINDS[error.statusCode] ?? 'Internal';
    return new RuntimeError(kind, `Docker Engine refused to ${operation}: ${messageOf(error)}`, {
      operation,
      cause: error,
    });
  }
  const code = errnoCode(error);
  if (code === undefined || !CONNECTION_CODES.includes(code)) return error;
  return new RuntimeError(
    'Unavailable',
    `Docker Engine can't be reached at ${socketPath} (${code}): is dockerd running?`,
    { operation, reason: 'EngineUnreachable', cause: error },
  );
}

const isAnswer = (error: unknown): error is EngineAnswer =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number';

function messageOf({ json, message }: EngineAnswer): string {
  if (typeof json === 'object' && json !== null && 'message' in json && typeof json.message === 'string') {
    return json.message.trim();
  }
  return message.trim();
}
