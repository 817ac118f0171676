import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Sandbox } from '@crihub/contract';
import { sleep, systemClock } from '@crihub/kernel';
import { newSshKey, SshConnection } from '@crihub/transport/ssh';
import { spawnProcess } from '@crihub/transport/process';
import { openChannel } from '../machine/control-channel.ts';
import { newIdentity } from '../machine/identity.ts';
import { machineFiles } from '../machine/machine-files.ts';
import { choosePlatform } from '../machine/platform.ts';
import { qemuArguments } from '../machine/qemu-arguments.ts';
import { GUEST_DIRECTORY, KataRig } from '../testing/kata-rig.ts';
import { attachNetwork } from '../testing/pod-network.ts';

/** How long a pod's machine takes to be there and to go, and what it costs, by how it comes to be. */

const USAGE =
  'usage: node libs/backends/kata/src/bench/start-times.ts [--rounds <count>] [--parallel <count>]';
const ARGUMENTS = {
  rounds: { type: 'string', default: '5' },
  parallel: { type: 'string', default: '10' },
} as const;
const PATIENCE_MS = 120_000;

let lastSubnet = 0;
const soon = (): AbortSignal => AbortSignal.timeout(PATIENCE_MS);
const megabytes = (kibibytes: number): number => Math.round(kibibytes / 1024);
const ms = (from: number): number => Math.round(performance.now() - from);
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

interface Sample {
  readonly start: number;
  readonly stop: number;
  readonly rss: number;
  readonly pss: number;
  readonly phases: string;
}

/** QEMU alone, from its start to the end of the first SSH command. */
async function bare(): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'crihub-bare-'));
  const files = machineFiles(directory);
  const platform = await choosePlatform(
    { machine: 'auto', accelerator: 'tcg', guestDirectory: GUEST_DIRECTORY },
    soon(),
  );
  const size = { memoryBytes: 256 * 1024 * 1024, cpus: 1 };
  const shares = { files: directory, reports: directory };
  const words = qemuArguments(platform, { size, name: 'bare', files, shares, begin: 'kernel' });
  const start = performance.now();
  const qemu = await spawnProcess('unshare', { args: ['--net', 'qemu-system-x86_64', ...words] });
  const started = soon();
  while (!(await readdir(directory)).includes('channel')) await sleep(5, started);
  const { stream } = await openChannel(files.channel, true, soon());
  const { identity, line } = await newIdentity(files.identity, systemClock.nowNs());
  stream.write(line);
  const ssh = await SshConnection.open({ server: 'bare', stream, username: 'root', ...identity }, soon());
  await ssh.run('true');
  const time = ms(start);
  await ssh.close();
  qemu.killGroup();
  await rm(directory, { recursive: true });
  return time;
}

async function runPod(
  rig: KataRig,
): Promise<{ sandbox: Sandbox; pid: number; time: number; phases: string }> {
  const sandbox = await rig.makeSandbox();
  const start = performance.now();
  const { networkNamespace = '' } = await rig.backend.sandboxes.prepare(sandbox, soon());
  const subnet = (lastSubnet = (lastSubnet + 1) % 250);
  const addresses = {
    name: `bench${String(subnet)}`,
    host: `10.78.${String(subnet)}.1`,
    pod: `10.78.${String(subnet)}.2`,
  };
  const network = await attachNetwork(networkNamespace, addresses);
  const { pid = 0, phases = {} } = await rig.backend.sandboxes.start(sandbox, network, soon());
  return { sandbox, pid, time: ms(start), phases: Object.keys(phases).join('+') };
}

async function sample(rig: KataRig): Promise<Sample> {
  const { sandbox, pid, time, phases } = await runPod(rig);
  await sleep(1_000);
  const [rss, pss] = await memoryOf(pid);
  const stopping = performance.now();
  await rig.backend.sandboxes.stop(sandbox.id, soon());
  const stop = ms(stopping);
  await rig.backend.sandboxes.remove(sandbox.id, soon());
  return { start: time, stop, rss, pss, phases };
}

async function memoryOf(pid: number): Promise<readonly [number, number]> {
  const rollup = await readFile(`/proc/${String(pid)}/smaps_rollup`, 'utf8');
  const of = (name: string): number =>
    megabytes(Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1]));
  return [of('Rss'), of('Pss')];
}

function print(name: string, samples: readonly Sample[]): void {
  const of = (key: 'start' | 'stop' | 'rss' | 'pss'): string =>
    String(median(samples.map((one) => one[key])));
  const all = samples.map(({ start }) => start).join(' ');
  const phases = [...new Set(samples.map((one) => one.phases))].join(', ');
  console.log(
    `${name}: start ${of('start')} ms (${all}), stop ${of('stop')} ms, RSS ${of('rss')} PSS ${of('pss')} MiB [${phases}]`,
  );
}

async function inParallel(rig: KataRig, count: number): Promise<void> {
  const start = performance.now();
  const pods = await Promise.all(Array.from({ length: count }, () => runPod(rig)));
  const all = ms(start);
  const memory = await Promise.all(pods.map(async ({ pid }) => memoryOf(pid)));
  const [rss, pss] = [0, 1].map((index) => median(memory.map((one) => one[index] ?? 0)));
  const stopping = performance.now();
  await Promise.all(pods.map(async ({ sandbox }) => rig.backend.sandboxes.stop(sandbox.id, soon())));
  const stopped = ms(stopping);
  for (const { sandbox } of pods) await rig.backend.sandboxes.remove(sandbox.id, soon());
  const times = pods.map(({ time }) => time);
  console.log(
    `${String(count)} at once: all ${String(all)} ms, median ${String(median(times))}, stopped ${String(stopped)} ms, ` +
      `RSS ${String(rss)} PSS ${String(pss)} MiB each [${[...new Set(pods.map(({ phases }) => phases))].join(', ')}]`,
  );
}

async function untilReady(rig: KataRig, count: number): Promise<void> {
  const late = soon();
  while ((rig.backend.warmPool?.ready ?? 0) < count) await sleep(20, late);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: ARGUMENTS });
  const [rounds, parallel] = [Number(values.rounds), Number(values.parallel)];
  if (!(rounds > 0 && parallel > 0)) throw new Error(USAGE);
  await newSshKey(); // the first one takes longer
  await using cold = await KataRig.start();
  await using warm = await KataRig.start({ template: true, warmPool: 1 });
  await using restoring = await KataRig.start({ template: true });
  await untilReady(warm, 1);
  await sample(restoring);
  await restoring.backend.settled(); // its template is made meanwhile
  const results = {
    bare: [] as number[],
    boot: [] as Sample[],
    restore: [] as Sample[],
    pool: [] as Sample[],
  };
  for (let round = 0; round < rounds; round += 1) {
    results.bare.push(await bare());
    results.boot.push(await sample(cold));
    results.restore.push(await sample(restoring));
    await untilReady(warm, 1);
    results.pool.push(await sample(warm));
    await untilReady(warm, 1);
  }
  console.log(
    `bare QEMU to the first SSH command: ${String(median(results.bare))} ms (${results.bare.join(' ')})`,
  );
  print('boot', results.boot);
  print('restore', results.restore);
  print('pool', results.pool);
  await inParallel(restoring, parallel);
}

await main();
