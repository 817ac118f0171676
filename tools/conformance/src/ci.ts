import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeError } from '@crihub/kernel';
import {
  addCounts,
  formatCounts,
  interruption,
  readCounts,
  runForeground,
  type TestCounts,
} from '@crihub/tool-setup';
import { type ConformanceResult, EXPECTED, runConformance } from './conformance.ts';
import { GoMissingError } from './go-programs.ts';
import { withSecondOpinion } from './second-opinion.ts';
import { formatResults } from './table.ts';
import { tally } from './tally.ts';

const USAGE = `usage: npm run ci [-- [options] [filter…]]

Runs npm test, and then critest against every handler that has expectations: runc in any case, and then no
handler is begun that might not end within the time. The last line counts everything: a spec that ends as
expected passed, a known gap is skipped, and a difference from what is expected is a failure, if it shows again
when the spec is judged alone. A filter goes to npm test.

  --minutes <n>        time for all of it (default 45)
  --conformance-only   without npm test
`;

/** More than a run of critest takes on a busy machine, with what it is made of being built. */
const MINUTES_PER_HANDLER = 8;
/** What every change is judged with. */
const FIRST = 'runc';
const NOTHING: TestCounts = { passed: 0, failed: 0, skipped: 0 };
const FAILURE: TestCounts = { ...NOTHING, failed: 1 };
const LEFT_OUT: TestCounts = { ...NOTHING, skipped: 1 };

const say = (line: string): void => console.log(`▸ ${line}`);

const { values, positionals } = parseArgs({
  options: {
    minutes: { type: 'string', default: '45' },
    'conformance-only': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
  allowPositionals: true,
});

async function main(deadline: number): Promise<number> {
  // What runs gets the signal too, and ends; what was started for it is then stopped.
  void interruption(say);
  let counts = values['conformance-only'] ? NOTHING : await test();
  for (const handler of await handlers()) counts = addCounts(counts, await judge(handler, deadline));
  console.log(formatCounts(counts));
  return counts.failed === 0 ? 0 : 1;
}

/** Checks that are no tests (lint, types) may have failed, or there may be no report. */
async function test(): Promise<TestCounts> {
  const exitCode = await runForeground(process.execPath, ['tools/setup/test.ts', ...positionals]);
  try {
    const counts = addCounts(await readCounts('unit'), await readCounts('integration'));
    return exitCode !== 0 && counts.failed === 0 ? addCounts(counts, FAILURE) : counts;
  } catch (error) {
    console.error(describeError(error));
    return FAILURE;
  }
}

async function handlers(): Promise<readonly string[]> {
  const names = (await readdir(EXPECTED)).map((file) => path.basename(file, '.tsv'));
  return [FIRST, ...names.filter((name) => name !== FIRST).sort()];
}

async function judge(handler: string, deadline: number): Promise<TestCounts> {
  if (handler !== FIRST && Date.now() + MINUTES_PER_HANDLER * 60_000 > deadline) {
    say(`no time is left to judge ${handler}`);
    return LEFT_OUT;
  }
  say(`conformance of ${handler}`);
  try {
    const run = async (focus?: string): Promise<ConformanceResult> =>
      await runConformance(
        { target: { kind: 'crihub', handler }, ...(focus === undefined ? {} : { focus }) },
        say,
      );
    const result = await withSecondOpinion(await run(), run, say);
    console.log(formatResults(result.results));
    for (const { spec, sentence } of result.surprises) console.log(`✘ ${spec}: ${sentence}`);
    return tally(result);
  } catch (error) {
    console.error(describeError(error));
    return error instanceof GoMissingError ? LEFT_OUT : FAILURE;
  }
}

if (values.help) console.log(USAGE);
else process.exitCode = await main(Date.now() + Number(values.minutes) * 60_000);
