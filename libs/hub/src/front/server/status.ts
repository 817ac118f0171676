import { status as codes, type ServiceError } from '@grpc/grpc-js';
import { describeError, type ErrorKind, kindOf, reasonOf } from '@crihub/kernel';

/** The only place where kinds of errors become gRPC codes. */
const CODE_OF: Readonly<Record<ErrorKind, codes>> = {
  Cancelled: codes.CANCELLED,
  InvalidArgument: codes.INVALID_ARGUMENT,
  DeadlineExceeded: codes.DEADLINE_EXCEEDED,
  NotFound: codes.NOT_FOUND,
  AlreadyExists: codes.ALREADY_EXISTS,
  PermissionDenied: codes.PERMISSION_DENIED,
  ResourceExhausted: codes.RESOURCE_EXHAUSTED,
  FailedPrecondition: codes.FAILED_PRECONDITION,
  Unimplemented: codes.UNIMPLEMENTED,
  Internal: codes.INTERNAL,
  Unavailable: codes.UNAVAILABLE,
};

/** The message travels in a header, and what a peer takes there is limited. */
const MAX_MESSAGE_BYTES = 8 * 1024;
const CUT = ' … (cut)';

/** What grpc-js sends as a status. */
export type StatusError = Pick<ServiceError, 'name' | 'message' | 'code' | 'details'>;

/** Makes an error the gRPC status that the client gets. */
export function statusOf(error: unknown): StatusError {
  const details = statusMessage(error);
  return { name: 'StatusError', message: details, code: CODE_OF[kindOf(error)], details };
}

/**
 * The causes in one line, bounded. A well-known reason comes first, as in `RegistryUnavailable: …`: the
 * kubelet finds it there (k8s.io/cri-api/pkg/errors).
 */
export function statusMessage(error: unknown): string {
  const story = describeError(error);
  const reason = reasonOf(error);
  return bounded(reason === undefined || story.startsWith(reason) ? story : `${reason}: ${story}`);
}

// grpc-js encodes the message as a URI, which throws on half a surrogate pair.
function bounded(message: string): string {
  const bytes = Buffer.from(message.toWellFormed());
  if (bytes.length <= MAX_MESSAGE_BYTES) return bytes.toString();
  let end = MAX_MESSAGE_BYTES - Buffer.byteLength(CUT);
  while (isContinuation(bytes[end])) end -= 1;
  return bytes.toString('utf8', 0, end) + CUT;
}

const isContinuation = (byte = 0): boolean => (byte & 0xc0) === 0x80;
