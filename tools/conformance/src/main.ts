import { parseArgs } from 'node:util';
import { describeError } from '@crihub/kernel';
import { newerDocker } from '@crihub/tool-fixtures';
import { interruption, prepareHost, TEST_PACKAGES } from '@crihub/tool-setup';
import { type ConformanceResult, runConformance } from './conformance.ts';
import { builtContainerd, goProgram, GoMissingError } from './go-programs.ts';
import { formatResults, formatTotals } from './table.ts';
import { buildImages, type TargetChoice } from './target.ts';

const USAGE = `usage: npm run conformance -- --handler <name> [options]

Runs critest against a daemon of its own whose pods go to one handler, and compares the result with
tools/conformance/expected/<handler>.tsv.

  --handler <name>    the runtime handler that runs every pod
  --peer containerd   judge Debian's containerd instead, to check the images and this harness
  --endpoint <url>    judge a runtime that is running already (unix:///run/…), which needs the images
  --focus <regex>     run only the specs whose name matches
  --skip <regex>      leave out the specs whose name matches
  --websocket         exec, attach and port-forward by WebSocket instead of SPDY
  --update            write what this run shows into the expectations of the handler
  --prepare           only build what runs are made of; they then need no network
  --keep              keep the directory of the run, with the daemon's log
  --verbose           critest's own progress, spec by spec
`;

const { values } = parseArgs({
  options: {
    handler: { type: 'string' },
    peer: { type: 'string' },
    endpoint: { type: 'string' },
    focus: { type: 'string' },
    skip: { type: 'string' },
    websocket: { type: 'boolean', default: false },
    update: { type: 'boolean', default: false },
    prepare: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const say = (line: string): void => console.log(`▸ ${line}`);

async function main(): Promise<number> {
  if (values.prepare) return await prepare();
  const target = chooseTarget();
  if (target === undefined) {
    console.error(`name a handler, a peer or an endpoint\n\n${USAGE}`);
    return 2;
  }
  // critest gets the signal too, and ends; what was started for it is then stopped.
  void interruption(say);
  const { focus, skip, websocket, update, keep, verbose } = values;
  const selected = { ...(focus === undefined ? {} : { focus }), ...(skip === undefined ? {} : { skip }) };
  return report(await runConformance({ target, ...selected, websocket, update, keep, verbose }, say));
}

async function prepare(): Promise<number> {
  await prepareHost(TEST_PACKAGES, say);
  for (const name of ['critest', 'runc'] as const) await goProgram(name, say);
  await builtContainerd('containerd-upstream', say);
  const docker = await newerDocker();
  if (typeof docker === 'string') say(docker);
  await buildImages(say);
  return 0;
}

function chooseTarget(): TargetChoice | undefined {
  if (values.endpoint !== undefined) return { kind: 'endpoint', endpoint: values.endpoint };
  if (values.peer === 'containerd') return { kind: 'containerd' };
  return values.handler === undefined ? undefined : { kind: 'crihub', handler: values.handler };
}

function report({ results, surprises }: ConformanceResult): number {
  console.log(formatResults(results));
  for (const { spec, sentence } of surprises) console.log(`✘ ${spec}: ${sentence}`);
  console.log(formatTotals(results));
  return surprises.length === 0 && results.length > 0 ? 0 : 1;
}

if (values.help) console.log(USAGE);
else
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(describeError(error));
    process.exitCode = error instanceof GoMissingError ? 2 : 1;
  }
