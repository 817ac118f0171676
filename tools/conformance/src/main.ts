import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeError, RuntimeError } from '@crihub/kernel';
import { interruption, prepareHost, TEST_PACKAGES } from '@crihub/tool-setup';
import { runCritest } from './critest.ts';
import { compareWithExpectations, formatExpectations, parseExpectations } from './expectations.ts';
import { goProgram, GoMissingError } from './go-programs.ts';
import type { SpecResult } from './report.ts';
import { formatResults, formatTotals } from './table.ts';
import { buildImages, startTarget, type TargetChoice } from './target.ts';

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
  const choice = chooseTarget();
  if (choice === undefined) {
    console.error(`name a handler, a peer or an endpoint\n\n${USAGE}`);
    return 2;
  }
  await prepareHost(TEST_PACKAGES, say);
  const program = await goProgram('critest', say);
  const directory = await mkdtemp(path.join(tmpdir(), 'crihub-conformance-'));
  // Root of a user namespace is nobody here, and has to pass through to its root filesystem.
  await chmod(directory, 0o711);
  try {
    const results = await judge(choice, program, directory);
    return await report(results);
  } finally {
    if (values.keep) say(`kept ${directory}`);
    else await rm(directory, { recursive: true, force: true });
  }
}

async function prepare(): Promise<number> {
  await prepareHost(TEST_PACKAGES, say);
  for (const name of ['critest', 'runc'] as const) await goProgram(name, say);
  await buildImages(say);
  return 0;
}

function chooseTarget(): TargetChoice | undefined {
  if (values.endpoint !== undefined) return { kind: 'endpoint', endpoint: values.endpoint };
  if (values.peer === 'containerd') return { kind: 'containerd' };
  return values.handler === undefined ? undefined : { kind: 'crihub', handler: values.handler };
}

async function judge(
  choice: TargetChoice,
  program: string,
  directory: string,
): Promise<readonly SpecResult[]> {
  // critest gets the signal too, and ends; what was started for it is then stopped.
  void interruption(say);
  await using target = await startTarget(choice, directory, say);
  say(`critest against ${target.endpoint}`);
  return await runCritest({
    program,
    endpoint: target.endpoint,
    ...(values.handler === undefined ? {} : { handler: values.handler }),
    ...(target.nriSocket === undefined ? {} : { nriSocket: target.nriSocket }),
    ...(values.focus === undefined ? {} : { focus: values.focus }),
    ...(values.skip === undefined ? {} : { skip: values.skip }),
    websocket: values.websocket,
    directory,
    verbose: values.verbose,
  });
}

async function report(results: readonly SpecResult[]): Promise<number> {
  console.log(formatResults(results));
  const surprises =
    values.handler === undefined ? failures(results) : await surprisesOf(values.handler, results);
  for (const { spec, sentence } of surprises) console.log(`✘ ${spec}: ${sentence}`);
  console.log(formatTotals(results));
  return surprises.length === 0 && results.length > 0 ? 0 : 1;
}

const failures = (results: readonly SpecResult[]): readonly { spec: string; sentence: string }[] =>
  results
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ spec, reason }) => ({ spec, sentence: reason }));

async function surprisesOf(
  name: string,
  results: readonly SpecResult[],
): Promise<readonly { spec: string; sentence: string }[]> {
  const file = path.join(import.meta.dirname, '../expected', `${name}.tsv`);
  const text = await readFile(file, 'utf8').catch(() => '');
  const expectations = parseExpectations(text, file);
  const part = values.focus !== undefined || values.skip !== undefined;
  if (!values.update) return compareWithExpectations(results, expectations, part ? 'part' : 'whole');
  if (part)
    throw new RuntimeError('InvalidArgument', '--update needs a whole run, without --focus or --skip');
  await writeFile(file, formatExpectations(results, expectations));
  say(`wrote ${file}`);
  return [];
}

if (values.help) console.log(USAGE);
else
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(describeError(error));
    process.exitCode = error instanceof GoMissingError ? 2 : 1;
  }
