import { describeError } from '@crihub/kernel';
import { buildGuest, GUEST_DIRECTORY } from '@crihub/tool-guest';
import { runChecks } from './check-steps.ts';
import { TEST_PACKAGES } from './debian-packages.ts';
import { runIntegrationTests } from './integration-tests.ts';
import { prepareHost } from './prepare-host.ts';
import { countsOf, failuresOf, formatFailure, readReport, type TestReport } from './test-reports.ts';
import { failedVerdict, sumVerdicts, type Verdict } from './verdict.ts';

/**
 * Sets the machine up, runs all checks, and the integration tests on real engines.
 *
 * @param filters parts of the names of the files of integration tests to run; none for all
 */
export async function runTests(filters: readonly string[], say: (line: string) => void): Promise<Verdict> {
  try {
    await prepareHost(TEST_PACKAGES, say);
    await buildGuest(GUEST_DIRECTORY, say);
  } catch (error) {
    return failedVerdict(`set-up: ${describeError(error)}`);
  }
  const checks = await runChecks(say);
  const unit = await verdictOf('unit tests', readReport('unit'));
  // The unit tests are one of the checks, and name their failures better.
  const failedChecks = checks.filter(({ name }) => name !== 'unit tests' || unit.failures.length === 0);
  say('integration tests');
  const integration = await verdictOf('integration tests', runIntegrationTests(filters, say));
  return sumVerdicts([
    ...failedChecks.map(({ name }) => failedVerdict(`${name}: see above`)),
    unit,
    integration,
  ]);
}

async function verdictOf(name: string, report: Promise<TestReport>): Promise<Verdict> {
  try {
    const shown = await report;
    return { counts: countsOf(shown), failures: failuresOf(shown).map(formatFailure) };
  } catch (error) {
    return failedVerdict(`${name}: ${describeError(error)}`);
  }
}
