import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { ContractTest } from '../contract-test.ts';
import { isAbortOrRuntimeError } from '../failure.ts';
import { OPERATIONS, type Operation } from '../operations.ts';
import { removePods } from '../pods.ts';
import type { Rig } from '../rig.ts';
import { soon, within } from '../waiting.ts';

/** How far into the call the caller gives up, in ms. */
const DELAYS = [0, 1, 3, 10, 30, 100];
/** "Soon" after an abort. */
const ABORT_MS = 5_000;

export const abortTests: readonly ContractTest[] = OPERATIONS.flatMap((operation) => [
  {
    name: `refuses ${operation.name} with a signal that has aborted, and does nothing`,
    run: (rig) => abortBefore(rig, operation),
  },
  {
    name: `ends ${operation.name} soon after an abort, and can be repeated and undone`,
    run: async (rig) => {
      for (const ms of DELAYS) await abortDuring(rig, operation, ms);
    },
  },
]);

async function abortBefore(rig: Rig, operation: Operation): Promise<void> {
  const { sandbox, call } = await operation.arrange(rig);
  const before = await rig.backend.inventory(soon());
  const signal = AbortSignal.abort(new Error('given up before it began'));
  const outcome = await within(ABORT_MS, operation.name, outcomeOf(call(rig.backend, signal)));
  expect(outcome).toMatchObject({ ok: false });
  if (!outcome.ok) expect(isAbortOrRuntimeError(outcome.error, signal)).toBe(true);
  expect(await rig.backend.inventory(soon())).toEqual(before);
  expect(await removePods(rig, sandbox)).toEqual([]);
}

async function abortDuring(rig: Rig, operation: Operation, ms: number): Promise<void> {
  const { sandbox, call } = await operation.arrange(rig);
  const caller = new AbortController();
  const pending = outcomeOf(call(rig.backend, caller.signal));
  if (ms > 0) await delay(ms);
  caller.abort(new Error(`given up after ${String(ms)} ms`));
  const outcome = await within(ABORT_MS, `${operation.name} after an abort`, pending);
  if (!outcome.ok) expect(isAbortOrRuntimeError(outcome.error, caller.signal)).toBe(true);
  await repeat(operation, (signal) => call(rig.backend, signal));
  expect(await removePods(rig, sandbox)).toEqual([]);
}

/** The second attempt finishes what the first began; what can't be finished must be told, and be removable. */
export async function repeat(
  operation: Operation,
  call: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const signal = soon();
  const again = await outcomeOf(call(signal));
  if (operation.mustSucceedAgain) expect(again).toMatchObject({ ok: true });
  else if (!again.ok) expect(isAbortOrRuntimeError(again.error, signal)).toBe(true);
}

type Outcome = { readonly ok: true } | { readonly ok: false; readonly error: unknown };

const outcomeOf = (promise: Promise<unknown>): Promise<Outcome> =>
  promise.then(
    () => ({ ok: true }),
    (error: unknown) => ({ ok: false, error }),
  );
