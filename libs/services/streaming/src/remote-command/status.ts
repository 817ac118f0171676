import type { ProcessExit } from '@crihub/contract';

/** How a command ended, as an object of the Kubernetes API (meta/v1 Status) that `kubectl` understands. */
export type Status =
  | { readonly metadata: Record<never, never>; readonly status: 'Success' }
  | {
      readonly metadata: Record<never, never>;
      readonly status: 'Failure';
      readonly message: string;
      readonly reason: 'NonZeroExitCode' | 'InternalError';
      readonly details: { readonly causes: readonly StatusCause[] };
      readonly code?: number;
    };

interface StatusCause {
  readonly reason?: 'ExitCode';
  readonly message: string;
}

const metadata = {};

export const success: Status = { metadata, status: 'Success' };

/** A command's end. `kubectl` takes the exit code from the cause, which must fit eight bits. */
export function exitStatus({ exitCode }: ProcessExit): Status {
  if (exitCode === 0) return success;
  const code = String(exitCode & 0xff);
  return {
    metadata,
    status: 'Failure',
    message: `command terminated with non-zero exit code: ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: code }] },
  };
}

/** The command could not be run, or not be followed to its end. */
export const failure = (message: string): Status => ({
  metadata,
  status: 'Failure',
  message: `Internal error occurred: ${message}`,
  reason: 'InternalError',
  details: { causes: [{ message }] },
  code: 500,
});

/** On the error stream: a JSON object since version 4, before it the message of a failure. */
export function encodeStatus(status: Status, version: number): string {
  if (version >= 4) return JSON.stringify(status);
  return status.status === 'Success' ? '' : status.message;
}
