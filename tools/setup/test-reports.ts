import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { CACHE } from './repository.ts';

export type TestProject = 'unit' | 'integration';

/** How many tests ended in which way. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const reportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
});

const reportFile = (project: TestProject): string => path.join(CACHE, 'reports', `${project}.json`);

/** The arguments of vitest that run a project and leave the report that `readCounts` reads. */
export const vitestArguments = (project: TestProject): readonly string[] => [
  'run',
  '--project',
  project,
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${reportFile(project)}`,
];

/** Forgets the report of an earlier run, so that it can't pass for this one's. */
export const forgetReport = async (project: TestProject): Promise<void> =>
  rm(reportFile(project), { force: true });

/** What the last run of a project counted. @throws if it left no report. */
export const readCounts = async (project: TestProject): Promise<TestCounts> =>
  countTests(JSON.parse(await readFile(reportFile(project), 'utf8')));

/** Reads vitest's JSON report. A test file that failed before it had a test counts as one failure. */
export function countTests(report: unknown): TestCounts {
  const counts = reportSchema.parse(report);
  const broken = counts.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  return {
    passed: counts.numPassedTests,
    failed: counts.numFailedTests + broken.length,
    skipped: counts.numPendingTests + counts.numTodoTests,
  };
}

export const addCounts = (a: TestCounts, b: TestCounts): TestCounts => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});

export const formatCounts = ({ passed, failed, skipped }: TestCounts): string =>
  `${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped`;
