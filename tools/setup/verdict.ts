import { addCounts, NO_TESTS, type TestCounts } from './test-counts.ts';

/** What checks and tests showed together. */
export interface Verdict {
  readonly counts: TestCounts;
  /** A line for each failure. */
  readonly failures: readonly string[];
}

/** Of something that could not even show what it counts. */
export const failedVerdict = (failure: string): Verdict => ({
  counts: { ...NO_TESTS, failed: 1 },
  failures: [failure],
});

export const sumVerdicts = (verdicts: readonly Verdict[]): Verdict => ({
  counts: verdicts.map(({ counts }) => counts).reduce(addCounts, NO_TESTS),
  failures: verdicts.flatMap(({ failures }) => failures),
});
