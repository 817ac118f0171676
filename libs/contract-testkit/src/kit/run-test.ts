import { expect } from 'vitest';
import type { ContractTest } from './contract-test.ts';
import type { Rig } from './rig.ts';

export type Skip = (reason: string) => never;

/** Runs one promise on a rig of its own. @throws if it is not kept, or if it leaves anything behind. */
export async function runTest(test: ContractTest, startRig: () => Promise<Rig>, skip: Skip): Promise<void> {
  await using rig = await startRig();
  await test.run(rig, skip);
  expect(await rig.leaks(), 'what is left on the machine').toEqual([]);
}

/** Tries a promise that is known not to be kept: skips with the reason. @throws if it is kept after all. */
export async function runGap(
  test: ContractTest,
  startRig: () => Promise<Rig>,
  skip: Skip,
  reason: string,
): Promise<void> {
  const failed = await runTest(test, startRig, skip).then(
    () => false,
    () => true, // this is what a gap is
  );
  if (failed) skip(reason);
  expect.fail(`the gap "${test.name}" has closed: take it off the list`);
}
