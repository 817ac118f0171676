/**
 * The closed set of failures that cross a boundary of crihub. The front maps each to one gRPC code.
 * `Cancelled` is the caller's own doing; `PermissionDenied` is a registry refusing credentials.
 */
export const ERROR_KINDS = [
  'NotFound',
  'InvalidArgument',
  'AlreadyExists',
  'FailedPrecondition',
  'PermissionDenied',
  'Unavailable',
  'DeadlineExceeded',
  'Cancelled',
  'Unimplemented',
  'ResourceExhausted',
  'Internal',
] as const;

export type ErrorKind = (typeof ERROR_KINDS)[number];

export interface ErrorDetails {
  /** What was being done, as a verb phrase: `create container`. */
  readonly operation?: string;
  /** The sandbox, container or image that it was done to. */
  readonly id?: string;
  /** A well-known CRI reason that the kubelet looks for, such as `RROUnsupported`. */
  readonly reason?: string;
  readonly cause?: unknown;
}

// A registered symbol, so that an error from a second copy of this package is recognised too.
const BRAND = Symbol.for('crihub.RuntimeError');

/** An error with a kind. Its message is a sentence that an operator can act on. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  readonly kind: ErrorKind;
  readonly operation: string | undefined;
  readonly id: string | undefined;
  readonly reason: string | undefined;

  constructor(kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.operation = details.operation;
    this.id = details.id;
    this.reason = details.reason;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

export function isRuntimeError(error: unknown): error is RuntimeError {
  return typeof error === 'object' && error !== null && BRAND in error;
}

/** The kind of the nearest error in the cause chain that has one. */
export function kindOf(error: unknown): ErrorKind {
  for (const link of causeChain(error)) {
    if (isRuntimeError(link)) return link.kind;
    if (link.name === 'TimeoutError') return 'DeadlineExceeded';
    if (link.name === 'AbortError') return 'Cancelled';
  }
  return 'Internal';
}

/** The first well-known reason in the cause chain. */
export function reasonOf(error: unknown): string | undefined {
  for (const link of causeChain(error)) {
    if (isRuntimeError(link) && link.reason !== undefined) return link.reason;
  }
  return undefined;
}

/** The whole story in one line: the message of each error in the cause chain, outermost first. */
export function describeError(error: unknown): string {
  const messages: string[] = [];
  for (const link of causeChain(error)) {
    if (!messages.at(-1)?.includes(link.message)) messages.push(link.message);
  }
  return messages.length > 0 ? messages.join(': ') : String(error);
}

/** The system error code (`ENOENT`) of a Node error, if it has one. */
export function errnoCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function* causeChain(error: unknown): Generator<Error> {
  const seen = new Set<unknown>();
  let link = error;
  while (link instanceof Error && !seen.has(link)) {
    seen.add(link);
    yield link;
    link = link.cause;
  }
}
