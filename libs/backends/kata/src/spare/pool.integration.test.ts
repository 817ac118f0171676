import { once } from 'node:events';
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Sandbox, StartedSandbox } from '@crihub/contract';
import { run, spawnProcess } from '@crihub/transport/process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KataRig } from '../testing/kata-rig.ts';
import { attachNetwork } from '../testing/pod-network.ts';

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

interface Pod {
  readonly sandbox: Sandbox;
  readonly started: StartedSandbox;
}

/** The tests build on each other: one pool, whose template is made first. */
describe('machines that are kept ready', { timeout: 60_000 }, () => {
  let rig: KataRig;
  const seen = new Set<number | undefined>();
  beforeAll(async () => {
    rig = await KataRig.start({ template: true, warmPool: 1 });
  });
  afterAll(async () => rig[Symbol.asyncDispose](), 60_000);

  const spares = async (): Promise<readonly string[]> => readdir(join(rig.directory, 'run/spares'));
  const untilReady = async (): Promise<void> =>
    await expect.poll(() => rig.backend.warmPool?.ready, { timeout: 60_000, interval: 100 }).toBe(1);
  const runPod = async (): Promise<Pod> => {
    const sandbox = await rig.makeSandbox();
    await rig.backend.sandboxes.prepare(sandbox, soon());
    const started = await rig.backend.sandboxes.start(sandbox, undefined, soon());
    return { sandbox, started };
  };
  const ask = async ({ sandbox }: Pod, script: string): Promise<string> => {
    const reply = await rig.backend.containers.executorOf(sandbox.id)?.shell.run(script);
    return reply?.output.trim() ?? '';
  };
  const remove = async ({ sandbox }: Pod): Promise<void> => rig.backend.sandboxes.remove(sandbox.id, soon());
  const spareProcess = async (): Promise<number> => {
    const [name = ''] = await spares();
    const [pid] = await rig.machine.cgroups.processes(`/crihub/crihub-machine-${name}`);
    return pid ?? Number.NaN;
  };

  it('are given away once each, with an identity of their own', async () => {
    const identities: string[] = [];
    for (let count = 0; count < 2; count += 1) {
      await untilReady();
      const pod = await runPod();
      expect(Object.keys(pod.started.phases ?? {})).toEqual(['pool']);
      seen.add(pod.started.pid);
      identities.push(
        await ask(pod, 'cat /proc/sys/kernel/random/boot_id; head -c 16 /dev/urandom | sha256sum; hostname'),
      );
      await remove(pod);
    }
    expect(seen.size).toBe(2);
    expect(rig.backend.warmPool).toMatchObject({ wanted: 1, hits: 2, misses: 0 });
    expect(new Set(identities.flatMap((lines) => lines.split('\n').slice(0, 2))).size).toBe(4);
  });

  it("are the pod's in all: control groups, network device, directory, clock", async () => {
    await untilReady();
    const pod = await runPod();
    const { id } = pod.sandbox;
    const cgroup = `${rig.machine.podCgroup(id)}/crihub-machine-${id.slice(0, 16)}`;
    expect(await rig.machine.cgroups.processes(cgroup)).toEqual([pod.started.pid]);
    const net = join(rig.directory, 'netns', `crihub-${id.slice(0, 16)}`);
    const links = await run('nsenter', { args: [`--net=${net}`, 'ip', '-o', 'link', 'show', 'tap0'] });
    expect(links.stdout.toString()).toContain('LOWER_UP');
    const container = await rig.makeContainer(pod.sandbox, { process: { args: ['sleep', '1000'] } });
    await rig.backend.containers.create(container, pod.sandbox, soon());
    await rig.backend.containers.start(container.id, soon());
    expect(await rig.countProcesses(container, 'sleep')).toBe(1);
    const asked = Date.now();
    const seconds = Number(await ask(pod, 'date +%s'));
    expect(seconds).toBeGreaterThanOrEqual(Math.floor(asked / 1000) - 1);
    expect(seconds).toBeLessThanOrEqual(Date.now() / 1000 + 1);
    await remove(pod);
  });

  it("carry the pod's network", async () => {
    await untilReady();
    const sandbox = await rig.makeSandbox();
    const { networkNamespace = '' } = await rig.backend.sandboxes.prepare(sandbox, soon());
    const addresses = { name: 'pool0', host: '10.77.0.1', pod: '10.77.0.2' };
    const network = await attachNetwork(networkNamespace, addresses);
    const started = await rig.backend.sandboxes.start(sandbox, network, soon());
    expect(started.phases).toHaveProperty('pool');
    const pod = { sandbox, started };
    const answer = async (): Promise<string> => text(connect(7000, addresses.pod)).catch(() => 'refused');
    await ask(pod, 'nc -ll -p 7000 -e hostname > /dev/null 2>&1 &');
    await expect.poll(answer, { timeout: 10_000 }).toBe(`${sandbox.hostname}\n`);
    await remove(pod);
  });

  it('are found by the next daemon with their pod, and are not when they had none', async () => {
    await untilReady();
    const pod = await runPod();
    await untilReady();
    const pid = await spareProcess();
    const backend = await rig.reopen();
    const { sandboxes } = await backend.inventory(soon());
    expect(sandboxes.map(({ state }) => state)).toEqual(['running']);
    expect(await rig.machine.cgroups.processes('/crihub')).not.toContain(pid);
    await remove(pod);
  });

  it.each([
    ['was killed', 'SIGKILL'],
    ['hangs', 'SIGSTOP'],
  ] as const)('are not given away when the machine %s', async (_what, signal) => {
    await untilReady();
    const misses = rig.backend.warmPool?.misses ?? Number.NaN;
    process.kill(await spareProcess(), signal);
    const pod = await runPod();
    expect(Object.keys(pod.started.phases ?? {})).toEqual(['restore', 'ssh']);
    expect(rig.backend.warmPool?.misses).toBe(misses + 1);
    await remove(pod);
  });

  it('leave nothing behind', async () => {
    await untilReady();
    await rig.backend.close();
    expect(await rig.leaks()).toEqual([]);
    expect(await rig.machine.cgroups.processes('/crihub')).toEqual([]);
  });
});

it('end with a daemon that was killed as soon as there is another one', { timeout: 120_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'crihub-kata-'));
  const holder = join(import.meta.dirname, '../testing/pool-holder.ts');
  const daemon = await spawnProcess(process.execPath, { args: [holder, directory] });
  await once(daemon.stdout, 'data');
  process.kill(daemon.pid, 'SIGKILL');
  await daemon.exited;
  const [name = ''] = await readdir(join(directory, 'run/spares'));
  const cgroup = `/crihub/crihub-machine-${name}`;
  await using rig = await KataRig.start({}, directory);
  expect(name).not.toBe('');
  expect(await rig.machine.cgroups.exists(cgroup)).toBe(false);
  expect(await rig.leaks()).toEqual([]);
});
