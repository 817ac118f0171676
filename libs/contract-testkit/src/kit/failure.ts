import { isRuntimeError } from '@crihub/kernel';

/** What a call that must fail rejects with. @throws if it succeeds. */
export async function failure(call: Promise<unknown>): Promise<unknown> {
  const outcome = await call.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (outcome === undefined) throw new Error('the call succeeded, and should have failed');
  return outcome.error;
}

/** True for what a call may reject with after its signal has aborted. */
export const isAbortOrRuntimeError = (error: unknown, signal: AbortSignal): boolean =>
  isRuntimeError(error) || error === signal.reason;
