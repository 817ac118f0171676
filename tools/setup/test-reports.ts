import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { CACHE, REPOSITORY } from './repository.ts';
import { addCounts, NO_TESTS, type TestCounts } from './test-counts.ts';

export type TestProject = 'unit' | 'integration';

/** `again` is the second run of those files of integration tests that had failures. */
export type TestRun = TestProject | 'again';

export interface FailedTest {
  /** Below the repository. */
  readonly file: string;
  /** Undefined if the file failed outside of its tests: it could not be loaded, or set up. */
  readonly test?: string;
  readonly reason: string;
}

export interface FileResult {
  readonly counts: TestCounts;
  readonly failures: readonly FailedTest[];
}

/** The results by file (below the repository). */
export type TestReport = ReadonlyMap<string, FileResult>;

const fileSchema = z.object({
  name: z.string(),
  status: z.string(),
  message: z.string().optional(),
  assertionResults: z.array(
    z.object({
      fullName: z.string(),
      status: z.string(),
      failureMessages: z.array(z.string()).nullish(),
    }),
  ),
});
const reportSchema = z.object({ testResults: z.array(fileSchema) });

const reportFile = (run: TestRun): string => path.join(CACHE, 'reports', `${run}.json`);

/** The arguments of vitest that run a project and leave the report that `readReport` reads. */
export const vitestArguments = (project: TestProject, run: TestRun = project): readonly string[] => [
  'run',
  '--project',
  project,
  '--reporter=default',
  '--reporter=json',
  `--reporter=${path.join(import.meta.dirname, 'unhandled-errors.ts')}`,
  `--outputFile.json=${reportFile(run)}`,
];

/** Forgets the report of an earlier run, so that it can't pass for this one's. */
export const forgetReport = async (run: TestRun): Promise<void> => rm(reportFile(run), { force: true });

/** What the last run showed. @throws if it left no report. */
export const readReport = async (run: TestRun): Promise<TestReport> =>
  parseReport(JSON.parse(await readFile(reportFile(run), 'utf8')));

/** Reads vitest's JSON report. */
export const parseReport = (json: unknown): TestReport =>
  new Map(reportSchema.parse(json).testResults.map(resultOf));

/** A file that failed outside of its tests counts as one failure. */
function resultOf({
  name,
  status,
  message = '',
  assertionResults,
}: z.infer<typeof fileSchema>): [string, FileResult] {
  const file = path.relative(REPOSITORY, name);
  const failed = assertionResults.filter((result) => result.status === 'failed');
  const passed = assertionResults.filter((result) => result.status === 'passed').length;
  const failures =
    status === 'failed' && failed.length === 0
      ? [{ file, reason: firstLine(message) }]
      : failed.map(({ fullName: test, failureMessages }) => ({
          file,
          test,
          reason: firstLine(failureMessages?.[0] ?? ''),
        }));
  const skipped = assertionResults.length - passed - failed.length;
  return [file, { counts: { passed, failed: failures.length, skipped }, failures }];
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

export const countsOf = (report: TestReport): TestCounts =>
  [...report.values()].map(({ counts }) => counts).reduce(addCounts, NO_TESTS);

export const failuresOf = (report: TestReport): readonly FailedTest[] =>
  [...report.values()].flatMap(({ failures }) => failures);

/** One line for a person. */
export const formatFailure = ({ file, test, reason }: FailedTest): string =>
  [file, ...(test === undefined ? [] : [test]), reason].join(': ');
