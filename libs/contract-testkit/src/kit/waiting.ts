import { setTimeout as delay } from 'node:timers/promises';

/** The time that any one call may take in a test; generous, for loaded machines and emulated ones. */
export const CALL_MS = 60_000;

/** A signal for one call. */
export const soon = (ms = CALL_MS): AbortSignal => AbortSignal.timeout(ms);

/** Asks again until the answer is not undefined. @throws with the description after `ms`. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  ms = 10_000,
): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`waited ${String(ms)} ms in vain: ${what}`);
    await delay(20);
  }
}

/** The promise's value. @throws if it takes longer. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = delay(ms, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${what} took longer than ${String(ms)} ms`);
  });
  late.catch(() => undefined); // its abort, when the promise was in time
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}
