import { sleep } from '@crihub/kernel';

export interface RetryPolicy {
  /** Tries in a row without progress. */
  readonly attempts: number;
  /** The first wait, in ms; it doubles each time. */
  readonly firstWaitMs: number;
  /** The longest wait that is worth it, in ms, also when the server asks for more. */
  readonly maxWaitMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 5, firstWaitMs: 250, maxWaitMs: 60_000 };

/**
 * Waits before try number `attempt` (1 is the first repetition). `retryAfter` is the header of that name.
 * @returns false if no further try is due.
 */
export async function waitForRetry(
  policy: RetryPolicy,
  attempt: number,
  retryAfter: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (attempt >= policy.attempts) return false;
  const asked = retryAfter === undefined ? undefined : parseRetryAfter(retryAfter);
  if (asked !== undefined && asked > policy.maxWaitMs) return false;
  // Spread, so that the nodes of a cluster don't come back all at once.
  const backoff = policy.firstWaitMs * 2 ** (attempt - 1) * (0.5 + Math.random());
  await sleep(asked ?? Math.min(backoff, policy.maxWaitMs), signal);
  return true;
}

/** Seconds or an HTTP date, as ms from now. */
export function parseRetryAfter(value: string): number | undefined {
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
