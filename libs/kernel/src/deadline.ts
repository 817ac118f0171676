import { setTimeout as delay } from 'node:timers/promises';
import { RuntimeError } from './errors.ts';

// setTimeout takes a longer time for 1 ms.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Resolves after `ms`, or rejects with the signal's reason; leaves no timer and no listener. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(Math.min(ms, LONGEST_TIMER_MS), undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/**
 * Runs `work` with a signal that aborts after `ms` at the latest, or with the caller's.
 * When the time was the cause, the rejection is a `DeadlineExceeded` that says what took too long.
 * `work` must honour its signal: this waits for it to end.
 */
export async function withDeadline<T>(
  operation: string,
  ms: number,
  parent: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = new AbortController();
  const expired = new RuntimeError('DeadlineExceeded', `${operation} took longer than ${String(ms)} ms`, {
    operation,
  });
  const timer = setTimeout(() => timeout.abort(expired), Math.min(ms, LONGEST_TIMER_MS));
  const signal = parent === undefined ? timeout.signal : AbortSignal.any([parent, timeout.signal]);
  try {
    return await work(signal);
  } catch (error) {
    if (timeout.signal.aborted && !parent?.aborted) throw expired;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
