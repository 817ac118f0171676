import { runForeground } from './foreground.ts';
import { NO_TESTS } from './test-counts.ts';
import {
  failuresOf,
  forgetReport,
  formatFailure,
  readReport,
  type TestReport,
  type TestRun,
  vitestArguments,
} from './test-reports.ts';
import { takeUnhandledErrors } from './unhandled-errors.ts';

/** Failures in more files than these are no matter of timing. */
const MOST_FILES = 3;

/** In place of a file, for what failed in none. */
const NO_FILE = 'outside of all tests';

/**
 * Runs the integration tests. An engine on a busy machine may miss a deadline once, so that a few files with failures
 * are run a second time, alone, and then count with what that run shows; what failed only at first is named. An error
 * that no test was there to catch is no matter of timing: it counts.
 *
 * @param filters parts of file names; none for all
 */
export async function runIntegrationTests(
  filters: readonly string[],
  say: (line: string) => void,
): Promise<TestReport> {
  const first = await run('integration', filters);
  const failures = failuresOf(first);
  const files = new Set(failures.map(({ file }) => file));
  if (files.size === 0 || files.size > MOST_FILES || files.has(NO_FILE)) return first;
  for (const failure of failures) say(`runs once more: ${formatFailure(failure)}`);
  const second = await run('again', [...files]);
  const failedAgain = new Set(failuresOf(second).map(({ file, test }) => `${file}\n${test ?? ''}`));
  for (const failure of failures)
    if (!failedAgain.has(`${failure.file}\n${failure.test ?? ''}`))
      say(`unsteady, failed once and passed alone: ${formatFailure(failure)}`);
  return new Map([...first, ...second]);
}

async function run(name: TestRun, filters: readonly string[]): Promise<TestReport> {
  await forgetReport(name);
  const exitCode = await runForeground('vitest', [...vitestArguments('integration', name), ...filters]);
  const report = await readReport(name);
  const unhandled = (await takeUnhandledErrors()).map((reason) => ({ file: NO_FILE, reason }));
  if (unhandled.length > 0) {
    const counts = { ...NO_TESTS, failed: unhandled.length };
    return new Map([...report, [NO_FILE, { counts, failures: unhandled }]]);
  }
  // As when there was no test at all.
  if (exitCode !== 0 && failuresOf(report).length === 0)
    throw new Error(`vitest ended with exit code ${String(exitCode)}, although no test failed`);
  return report;
}
