import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeError } from '@crihub/kernel';
import { interruption, prepareHost, TEST_PACKAGES } from '@crihub/tool-setup';
import { measureHeldPods } from './held-pods.ts';
import { measureLifecycle } from './lifecycle.ts';
import { inParallel } from './parallel.ts';
import { type BenchResult, formatReport, reportJson } from './report.ts';
import type { Subject } from './subject.ts';
import { startSubjects, type SubjectChoice } from './subjects.ts';

const USAGE = `usage: npm run bench -- [options]

Measures crihub beside its peers, in turn, with one client, one image and one network. Ratios are to the
first column. Needs root, and a machine that does nothing else.

  --against <peers>     comma-separated; containerd is known (default containerd, "" for none)
  --handlers <names>    handlers of crihub, comma-separated (default runc,crun, "" for none); containerd is on
                        the peer's own containerd, if that is measured too
  --pods <n>            pod lifecycles for each subject, and pods held at once (default 50)
  --parallel <n>        lifecycles of one subject at a time (default 1)
  -o, --output <form>   table or json (default table)
`;

const { values } = parseArgs({
  options: {
    against: { type: 'string', default: 'containerd' },
    handlers: { type: 'string', default: 'runc,crun' },
    pods: { type: 'string', default: '50' },
    parallel: { type: 'string', default: '1' },
    output: { type: 'string', short: 'o', default: 'table' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

// Standard output is for the result alone.
const say = (line: string): void => console.error(`▸ ${line}`);

async function main(): Promise<number> {
  const pods = positiveInteger('--pods', values.pods);
  const parallel = positiveInteger('--parallel', values.parallel);
  if (!['table', 'json'].includes(values.output))
    throw new Error(`-o is table or json, not ${values.output}`);
  const choice = chooseSubjects();
  await prepareHost(TEST_PACKAGES, say);
  const directory = await mkdtemp(path.join(tmpdir(), 'crihub-bench-'));
  try {
    const results = await measure(choice, directory, pods, parallel);
    console.log(
      values.output === 'json' ? JSON.stringify(reportJson(results), null, 2) : formatReport(results),
    );
    return 0;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(
  choice: SubjectChoice,
  directory: string,
  pods: number,
  parallel: number,
): Promise<readonly BenchResult[]> {
  const interrupted = interruption(say);
  await using subjects = await startSubjects(choice, directory);
  return await Promise.race([measureAll(subjects.all, pods, parallel), interrupted]);
}

/** Interleaved, so that a busy moment of the machine hits all subjects alike. */
async function measureAll(
  subjects: readonly Subject[],
  pods: number,
  parallel: number,
): Promise<readonly BenchResult[]> {
  say(
    `${String(pods)} pod lifecycles, ${String(parallel)} at a time, on ${subjects.map(({ name }) => name).join(', ')}`,
  );
  for (let done = 0; done < pods; done += parallel)
    for (const subject of subjects)
      await inParallel(Math.min(parallel, pods - done), parallel, async (index) =>
        measureLifecycle(subject, `pod-${String(done + index)}`),
      );
  const results: BenchResult[] = [];
  for (const subject of subjects) {
    say(`${String(pods)} pods held on ${subject.name}`);
    results.push({ subject, held: await measureHeldPods(subject, pods) });
  }
  return results;
}

function chooseSubjects(): SubjectChoice {
  const peers = namesIn(values.against).map((name): 'containerd' => {
    if (name === 'containerd') return name;
    throw new Error(`--against knows containerd, not ${name}`);
  });
  const handlers = namesIn(values.handlers);
  if (peers.length + handlers.length === 0)
    throw new Error('there is nothing to measure: name a peer or a handler');
  return { peers, handlers };
}

const namesIn = (list: string): readonly string[] =>
  list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

function positiveInteger(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`${option} must be a whole number above 0, not ${JSON.stringify(text)}`);
}

if (values.help) console.log(USAGE);
else
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(describeError(error));
    process.exitCode = 1;
  }
