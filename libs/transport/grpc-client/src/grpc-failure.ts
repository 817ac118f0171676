import { type ServiceError, status } from '@grpc/grpc-js';
import { type ErrorKind, RuntimeError } from '@crihub/kernel';

const KINDS: Readonly<Record<number, ErrorKind>> = {
  [status.NOT_FOUND]: 'NotFound',
  [status.INVALID_ARGUMENT]: 'InvalidArgument',
  [status.OUT_OF_RANGE]: 'InvalidArgument',
  [status.ALREADY_EXISTS]: 'AlreadyExists',
  [status.FAILED_PRECONDITION]: 'FailedPrecondition',
  [status.ABORTED]: 'FailedPrecondition',
  [status.PERMISSION_DENIED]: 'PermissionDenied',
  [status.UNAUTHENTICATED]: 'PermissionDenied',
  [status.UNAVAILABLE]: 'Unavailable',
  [status.DEADLINE_EXCEEDED]: 'DeadlineExceeded',
  [status.CANCELLED]: 'Cancelled',
  [status.UNIMPLEMENTED]: 'Unimplemented',
  [status.RESOURCE_EXHAUSTED]: 'ResourceExhausted',
};

/** The error of a call, by the status that the server or the connection gave it. */
export function grpcFailure(
  { code, details }: Pick<ServiceError, 'code' | 'details'>,
  call: { readonly server: string; readonly path: string; readonly timeoutMs: number | undefined },
): RuntimeError {
  const operation = call.path.slice(call.path.lastIndexOf('.') + 1);
  const told = { [status.UNAVAILABLE]: 'is out of reach', [status.DEADLINE_EXCEEDED]: late(call.timeoutMs) };
  const problem = (told as Readonly<Record<number, string>>)[code];
  const message = problem === undefined ? details : `${call.server} ${problem} (${operation}): ${details}`;
  return new RuntimeError(KINDS[code] ?? 'Internal', message, { operation });
}

const late = (timeoutMs: number | undefined): string =>
  timeoutMs === undefined ? 'took too long' : `took longer than ${String(timeoutMs)} ms`;
