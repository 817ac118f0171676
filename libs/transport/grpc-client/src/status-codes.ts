import { status } from '@grpc/grpc-js';
import type { ErrorKind } from '@crihub/kernel';

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

/** The kind of failure that a gRPC status code stands for. */
export const kindOfCode = (code: number): ErrorKind => KINDS[code] ?? 'Internal';

/** The status code for a kind of failure. */
export function codeOfKind(kind: ErrorKind): number {
  const found = Object.entries(KINDS).find(([, candidate]) => candidate === kind);
  return found === undefined ? status.INTERNAL : Number(found[0]);
}
