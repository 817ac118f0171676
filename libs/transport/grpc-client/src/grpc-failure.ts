import { type ServiceError, status } from '@grpc/grpc-js';
import { RuntimeError } from '@crihub/kernel';
import { kindOfCode } from './status-codes.ts';

/** The error of a call, by the status that the server or the connection gave it. */
export function grpcFailure(
  { code, details }: Pick<ServiceError, 'code' | 'details'>,
  call: { readonly server: string; readonly path: string; readonly timeoutMs: number | undefined },
): RuntimeError {
  const operation = call.path.slice(call.path.lastIndexOf('.') + 1);
  const told = { [status.UNAVAILABLE]: 'is out of reach', [status.DEADLINE_EXCEEDED]: late(call.timeoutMs) };
  const problem = (told as Readonly<Record<number, string>>)[code];
  const message = problem === undefined ? details : `${call.server} ${problem} (${operation}): ${details}`;
  return new RuntimeError(kindOfCode(code), message, { operation });
}

const late = (timeoutMs: number | undefined): string =>
  timeoutMs === undefined ? 'took too long' : `took longer than ${String(timeoutMs)} ms`;
