import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeError } from '@crihub/kernel';
import {
  failedVerdict,
  formatCounts,
  interruption,
  NO_TESTS,
  runTests,
  sumVerdicts,
  type Verdict,
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
when the spec is judged alone. The lines before it name every failure. A filter goes to npm test.

  --minutes <n>        time for all of it (default 45)
  --conformance-only   without npm test
`;

/** More than a run of critest takes on a busy machine, with what it is made of being built. */
const MINUTES_PER_HANDLER = 8;
/** What every change is judged with. */
const FIRST = 'runc';
const LEFT_OUT: Verdict = { counts: { ...NO_TESTS, skipped: 1 }, failures: [] };

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
  const verdicts = values['conformance-only'] ? [] : [await runTests(positionals, say)];
  for (const handler of await handlers()) verdicts.push(await judge(handler, deadline));
  const { counts, failures } = sumVerdicts(verdicts);
  for (const failure of failures) console.log(`✘ ${failure}`);
  console.log(formatCounts(counts));
  return counts.failed === 0 ? 0 : 1;
}

async function handlers(): Promise<readonly string[]> {
  const names = (await readdir(EXPECTED)).map((file) => path.basename(file, '.tsv'));
  return [FIRST, ...names.filter((name) => name !== FIRST).sort()];
}

async function judge(handler: string, deadline: number): Promise<Verdict> {
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
    const failures = result.surprises.map(({ spec, sentence }) => `${handler}: ${spec}: ${sentence}`);
    return { counts: tally(result), failures };
  } catch (error) {
    if (!(error instanceof GoMissingError)) return failedVerdict(`${handler}: ${describeError(error)}`);
    say(describeError(error));
    return LEFT_OUT;
  }
}

if (values.help) console.log(USAGE);
else process.exitCode = await main(Date.now() + Number(values.minutes) * 60_000);
