import { describeError, errnoCode, isRuntimeError, RuntimeError } from '@crihub/kernel';
import { readErrorText } from './bodies.ts';
import type { HttpResponse } from './http.ts';

/** The kubelet's word for a registry that can't be reached (cri-api, errors). */
export const REGISTRY_UNAVAILABLE = 'RegistryUnavailable';

const BROKEN_CONNECTION = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
]);
const SILENCE = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** A connection that broke in the middle: the same request may well succeed. */
export const isBroken = (error: unknown): boolean => BROKEN_CONNECTION.has(errnoCode(error) ?? '');

export const isRetryableStatus = (status: number): boolean =>
  status === 429 || (status >= 500 && status !== 501);

/** An error of the network, as one that says which registry it was and what to look at. */
export function unreachable(error: unknown, host: string, stallTimeoutMs: number): Error {
  if (isRuntimeError(error)) return error;
  const code = errnoCode(error) ?? '';
  const what = SILENCE.has(code)
    ? `registry ${host} sent nothing for ${String(stallTimeoutMs / 1000)} s`
    : `can't reach registry ${host}: ${describeError(error)}`;
  return new RuntimeError('Unavailable', `${what}; check the network and the registry's hosts.toml`, {
    reason: REGISTRY_UNAVAILABLE,
    cause: error,
  });
}

/** The error that a status means; reads the rest of the response. */
export async function failureOf(response: HttpResponse, host: string, what: string): Promise<RuntimeError> {
  const text = await readErrorText(response);
  const status = `HTTP ${String(response.statusCode)}${text === '' ? '' : `, ${text}`}`;
  switch (response.statusCode) {
    case 401:
    case 403:
      return new RuntimeError(
        'PermissionDenied',
        `registry ${host} refuses access to ${what} (${status}): it does not exist or needs other credentials`,
      );
    case 404:
      return new RuntimeError('NotFound', `registry ${host} has no ${what} (${status})`);
    default:
      if (!isRetryableStatus(response.statusCode)) {
        return new RuntimeError('FailedPrecondition', `registry ${host} refuses to give ${what} (${status})`);
      }
      return new RuntimeError(
        'Unavailable',
        `registry ${host} can't give ${what} now (${status}); try again later`,
        {
          reason: REGISTRY_UNAVAILABLE,
        },
      );
  }
}
