import { parseArgs } from 'node:util';
import { runTests } from './run-tests.ts';
import { formatCounts } from './test-counts.ts';

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
  const { counts, failures } = await runTests(filters, (line) => console.log(`▸ ${line}`));
  for (const failure of failures) console.log(`✘ ${failure}`);
  console.log(formatCounts(counts));
  return counts.failed === 0 ? 0 : 1;
}
