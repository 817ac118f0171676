import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { describeError } from '@crihub/kernel';
import {
  buildImage,
  CriClient,
  pullImage,
  startCrihub,
  startEngine,
  startFixtureRegistry,
  writeBridgeNetwork,
} from '@crihub/tool-fixtures';
import { interruption, prepareHost, TEST_PACKAGES } from '@crihub/tool-setup';
import { Recorder } from '../samples.ts';
import { BENCH_IMAGE } from '../subject.ts';
import { cycleByCri, cyclePlainly, measureExecs, startPattern } from './cycles.ts';
import { type LogRates, measureLogs } from './log-copy.ts';
import { PlainEngine } from './plain-engine.ts';

const USAGE = `usage: npm run bench:docker -- [options]

Measures pods of crihub's Docker backend beside plain calls of the same Docker Engine for the same
containers, in turn. Pods use the node's network. Needs root, and a machine that does nothing else.

  --pods <n>        cycles of each kind (default 50)
  --execs <n>       commands in a running container by each way (default 200)
  --log-mb <n>      MB of output whose log is read (default 100; 0 for none)
`;

const { values } = parseArgs({
  options: {
    pods: { type: 'string', default: '50' },
    execs: { type: 'string', default: '200' },
    'log-mb': { type: 'string', default: '100' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const NETWORK = { name: 'crihub-bench', bridge: 'crihub-bench0', subnet: '10.93.0.0/16' };
/** Images, compiled code and the disk are warm then. */
const WARM_UP = 3;
const say = (line: string): void => console.error(`▸ ${line}`);

interface Amounts {
  readonly pods: number;
  readonly execs: number;
  readonly megabytes: number;
}

interface Figures {
  readonly plain: Recorder;
  readonly cri: Recorder;
  readonly logs: LogRates | undefined;
}

async function main(): Promise<void> {
  await prepareHost(TEST_PACKAGES, say);
  const directory = await mkdtemp(path.join(tmpdir(), 'crihub-bench-'));
  const interrupted = interruption(say);
  try {
    const work = measure(directory, {
      pods: wholeNumber('pods'),
      execs: wholeNumber('execs'),
      megabytes: wholeNumber('log-mb'),
    });
    console.log(format(await Promise.race([work, interrupted])));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(directory: string, { pods, execs, megabytes }: Amounts): Promise<Figures> {
  await using started = new AsyncDisposableStack();
  const registry = started.use(
    await startFixtureRegistry(path.join(directory, 'registry'), [await buildImage('busybox')]),
  );
  const network = await writeBridgeNetwork(path.join(directory, 'cni'), NETWORK);
  started.defer(async () => network.remove());
  const daemon = started.use(await startEngine('docker', path.join(directory, 'engine')));
  const { certsDirectory } = registry;
  const home = path.join(directory, 'crihub');
  const engines = { docker: daemon.socket };
  const crihub = started.use(await startCrihub({ directory: home, network, certsDirectory, engines }));
  const cri = started.use(new CriClient(crihub.socket));
  await pullImage(cri, BENCH_IMAGE);
  const logDirectory = path.join(home, 'pod-logs');
  await mkdir(logDirectory, { recursive: true });
  const engine = new PlainEngine(daemon.socket);
  await using pattern = await startPattern({ cri, engine, logDirectory });
  const cycle = async (name: string, plain: Recorder, byCri: Recorder): Promise<void> => {
    await cyclePlainly({ engine, recorder: plain }, pattern.bodies);
    await cycleByCri({ cri, recorder: byCri, logDirectory }, name);
  };
  for (let index = 0; index < WARM_UP; index += 1)
    await cycle(`warm-up-${String(index)}`, new Recorder(), new Recorder());
  const figures = { plain: new Recorder(), cri: new Recorder() };
  say(`${String(pods)} cycles of each kind`);
  for (let index = 0; index < pods; index += 1)
    await cycle(`pod-${String(index)}`, figures.plain, figures.cri);
  say(`${String(execs)} commands by each way`);
  const recorders = { plain: figures.plain, byCri: figures.cri };
  await measureExecs({ engine, cri, container: pattern.container }, recorders, execs);
  if (megabytes === 0) return { ...figures, logs: undefined };
  say(`${String(megabytes)} MB of output`);
  return { ...figures, logs: await measureLogs({ engine, cri, logDirectory }, megabytes) };
}

function format({ plain, cri, logs }: Figures): string {
  const table = new Table({
    head: ['', 'plain calls', 'crihub', 'ratio'],
    style: { head: [], border: [] },
  });
  for (const operation of plain.operations) {
    const [before, after] = [plain.of(operation), cri.of(operation)];
    const figures = [before, after].map(
      (samples) => `${samples.percentile(0.5).toFixed(1)} / ${samples.percentile(0.99).toFixed(1)}`,
    );
    const ratio = after.percentile(0.5) / before.percentile(0.5);
    table.push([`${operation}, ms, p50 / p99`, ...figures, ratio.toFixed(2)]);
  }
  if (logs !== undefined) {
    const { plain: before, cri: after } = logs;
    table.push(['log, MB/s', before.toFixed(1), after.toFixed(1), (after / before).toFixed(2)]);
  }
  return table.toString();
}

function wholeNumber(option: 'pods' | 'execs' | 'log-mb'): number {
  const value = Number(values[option]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${option} must be a whole number, not ${JSON.stringify(values[option])}`);
}

if (values.help) console.log(USAGE);
else
  try {
    await main();
  } catch (error) {
    console.error(describeError(error));
    process.exitCode = 1;
  }
