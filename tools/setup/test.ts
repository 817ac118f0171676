import { parseArgs } from 'node:util';
import { describeError } from '@crihub/kernel';
import { buildGuest, GUEST_DIRECTORY } from '@crihub/tool-guest';
import { runChecks } from './check-steps.ts';
import { TEST_PACKAGES } from './debian-packages.ts';
import { prepareHost } from './prepare-host.ts';
import { runForeground } from './foreground.ts';
import { addCounts, forgetReport, formatCounts, readCounts, vitestArguments } from './test-reports.ts';

const USAGE = `usage: npm test [-- [filter…]]

Installs the Debian packages that are missing, runs all checks, then the integration tests on real
engines. A filter is a part of the file names of the integration tests to run. Needs root.`;

const { values, positionals } = parseArgs({
  options: { help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
});
if (values.help === true) console.log(USAGE);
else process.exitCode = await test(positionals);

async function test(filters: readonly string[]): Promise<number> {
  try {
    const say = (line: string): void => console.log(`▸ ${line}`);
    await prepareHost(TEST_PACKAGES, say);
    await buildGuest(GUEST_DIRECTORY, say);
  } catch (error) {
    console.error(describeError(error));
    return 1;
  }
  await forgetReport('unit');
  const failed = await runChecks(console.log);
  await forgetReport('integration');
  console.log('▸ integration tests');
  const integration = await runForeground('vitest', [...vitestArguments('integration'), ...filters]);
  const counts = addCounts(await readCounts('unit'), await readCounts('integration'));
  if (failed.length > 0) console.log(`failed checks: ${failed.map(({ name }) => name).join(', ')}`);
  console.log(formatCounts(counts));
  return failed.length === 0 && integration === 0 && counts.failed === 0 ? 0 : 1;
}
