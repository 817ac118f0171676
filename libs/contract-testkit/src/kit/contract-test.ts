import type { Rig } from './rig.ts';

/** One promise of the contract. */
export interface ContractTest {
  /** The promise, as a sentence; also the key under which a gap is listed. */
  readonly name: string;
  /** `skip` leaves the test when the rig can't produce the situation. */
  run(rig: Rig, skip: (reason: string) => never): Promise<void>;
}

/** Gives each test its type where it is written down. */
export const contractTests = (...tests: readonly ContractTest[]): readonly ContractTest[] => tests;
