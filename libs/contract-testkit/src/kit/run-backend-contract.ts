import { describe, expect, it } from 'vitest';
import { runGap, runTest } from './run-test.ts';
import { abortTests } from './tests/abort.ts';
import { containerTests } from './tests/containers.ts';
import { eventTests } from './tests/events.ts';
import { execTests } from './tests/exec.ts';
import { attachTests } from './tests/attach.ts';
import { logTests } from './tests/logs.ts';
import { recoveryTests } from './tests/recovery.ts';
import { sandboxTests } from './tests/sandboxes.ts';
import type { ContractTest } from './contract-test.ts';
import type { Rig } from './rig.ts';

export interface BackendContractOptions {
  /** Promises that this backend does not keep yet, by the test's name, each with the reason. */
  readonly gaps?: Readonly<Record<string, string>>;
  /** For one test. */
  readonly timeoutMs?: number;
}

/** All promises, by topic. */
export const CONTRACT_TESTS: Readonly<Record<string, readonly ContractTest[]>> = {
  pods: sandboxTests,
  containers: containerTests,
  logs: logTests,
  exec: execTests,
  attach: attachTests,
  events: eventTests,
  aborts: abortTests,
  recovery: recoveryTests,
};

/** The names of all promises, as gaps are listed. */
export const CONTRACT_TEST_NAMES: readonly string[] = Object.values(CONTRACT_TESTS)
  .flat()
  .map(({ name }) => name);

/**
 * Registers one test for each promise of the contract. Every test gets a rig of its own, and fails if
 * anything of it is left on the machine. A listed gap is tried and shown as skipped with its reason; one
 * that has closed fails, so that the list stays true.
 */
export function runBackendContract(
  backend: string,
  startRig: () => Promise<Rig>,
  { gaps = {}, timeoutMs = 60_000 }: BackendContractOptions = {},
): void {
  describe(`the contract, by ${backend}`, () => {
    it('lists gaps by the names of tests', () => {
      expect(Object.keys(gaps).filter((name) => !CONTRACT_TEST_NAMES.includes(name))).toEqual([]);
    });
    for (const [topic, tests] of Object.entries(CONTRACT_TESTS)) {
      describe(topic, () => {
        for (const test of tests) {
          it(test.name, { timeout: timeoutMs }, async ({ skip }) => {
            const gap = gaps[test.name];
            if (gap === undefined) await runTest(test, startRig, skip);
            else await runGap(test, startRig, skip, gap);
          });
        }
      });
    }
  });
}
