/** How many tests ended in which way. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const addCounts = (a: TestCounts, b: TestCounts): TestCounts => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});

export const formatCounts = ({ passed, failed, skipped }: TestCounts): string =>
  `${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped`;

export const NO_TESTS: TestCounts = { passed: 0, failed: 0, skipped: 0 };
