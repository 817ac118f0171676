import { type ErrorKind, isRuntimeError, RuntimeError } from '@crihub/kernel';
import { SystemCallError } from '../syscalls/error.ts';

/** An error as it passes between threads: structured cloning keeps no fields of an Error's own. */
export type TransferableError =
  | {
      readonly type: 'system';
      readonly errno: number;
      readonly syscall: string;
      readonly message: string;
      readonly path: string | undefined;
    }
  | {
      readonly type: 'runtime';
      readonly kind: ErrorKind;
      readonly message: string;
      readonly cause: TransferableError | undefined;
    }
  | { readonly type: 'other'; readonly message: string; readonly stack: string | undefined };

export function toTransferable(error: unknown): TransferableError {
  if (isRuntimeError(error)) {
    const cause = error.cause === undefined ? undefined : toTransferable(error.cause);
    return { type: 'runtime', kind: error.kind, message: error.message, cause };
  }
  if (!(error instanceof Error)) return { type: 'other', message: String(error), stack: undefined };
  const { message, stack } = error;
  if (!isSystemError(error)) return { type: 'other', message, stack };
  return { type: 'system', message, errno: error.errno, syscall: error.syscall, path: error.path };
}

export function fromTransferable(error: TransferableError): Error {
  switch (error.type) {
    case 'runtime':
      return new RuntimeError(error.kind, error.message, {
        cause: error.cause === undefined ? undefined : fromTransferable(error.cause),
      });
    case 'system': {
      const restored = new SystemCallError(-error.errno, error);
      restored.message = error.message;
      return restored;
    }
    case 'other': {
      const restored = new Error(error.message);
      if (error.stack !== undefined) restored.stack = error.stack;
      return restored;
    }
  }
}

interface SystemError extends Error {
  readonly errno: number;
  readonly syscall: string;
  readonly path?: string;
}

const isSystemError = (error: Error): error is SystemError =>
  'errno' in error && typeof error.errno === 'number' && 'syscall' in error;
