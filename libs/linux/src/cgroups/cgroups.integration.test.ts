import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Cgroups } from './cgroups.ts';
import { rootOfController } from './layout.ts';
import { processCgroups } from './process-cgroups.ts';

const parent = `/crihub-test-${String(process.pid)}`;
const path = `${parent}/container`;
const children: ChildProcess[] = [];
let cgroups: Cgroups;

/** A shell line that runs in the cgroup. */
async function inside(line: string): Promise<number> {
  const child = spawn('sh', ['-c', `read _; ${line}`], { stdio: ['pipe', 'ignore', 'ignore'] });
  children.push(child);
  await once(child, 'spawn');
  await cgroups.addProcess(path, child.pid as number);
  child.stdin?.end('go\n');
  return child.pid as number;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 5_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('not within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

beforeAll(async () => {
  cgroups = await Cgroups.detect();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await cgroups.kill(parent);
  await cgroups.remove(parent);
});
afterAll(async () => expect(await cgroups.exists(parent)).toBe(false));

describe('Cgroups on this host', () => {
  it('makes, fills, counts, kills and removes a cgroup, each as often as one likes', async () => {
    await cgroups.create(path);
    await cgroups.create(path);
    const pid = await inside('sleep 100 & sleep 100 & wait');
    await until(async () => (await cgroups.processes(parent)).length === 3);
    expect(
      (await processCgroups(pid))?.controllers.get('memory') ?? (await processCgroups(pid))?.unified,
    ).toBe(path);
    const stats = await cgroups.stats(path);
    expect(stats?.processes).toBe(3);
    expect(stats?.pids.current).toBe(3);
    expect(stats?.memory.usage).toBeGreaterThan(0);
    // The kernel sums these up every two seconds only.
    await until(async () => ((await cgroups.stats(path))?.memory.pageFaults ?? 0) > 0);
    expect((await cgroups.stats(path))?.memory.workingSet).toBeGreaterThan(0);
    expect(stats?.memory.oomKills).toBe(0);
    expect(stats?.memory.limit).toBeUndefined();
    expect(stats?.cpu.usageNs).toBeGreaterThan(0n);
    await cgroups.kill(path);
    expect(await cgroups.processes(path)).toEqual([]);
    await cgroups.kill(path);
    await cgroups.remove(path);
    await cgroups.remove(path);
    await cgroups.kill(path);
    expect(await cgroups.exists(path)).toBe(false);
    expect(await cgroups.stats(path)).toBeUndefined();
  });

  it('kills what forks without end', async () => {
    await cgroups.create(path);
    await inside('while :; do sleep 50 & sleep 0.002; done');
    await until(async () => (await cgroups.processes(path)).length > 20);
    await cgroups.kill(path);
    expect(await cgroups.processes(path)).toEqual([]);
  });

  it('sends a signal to all', async () => {
    await cgroups.create(path);
    await inside('exec sleep 100');
    await until(async () => (await cgroups.processes(path)).length === 1);
    await cgroups.signal(path, 'SIGTERM');
    await until(async () => (await cgroups.processes(path)).length === 0);
  });

  it('sets limits in whatever order the kernel wants, up and down', async () => {
    await cgroups.create(path);
    for (const megabytes of [64, 128, 32]) {
      const bytes = megabytes * 1024 * 1024;
      await cgroups.writeResources(path, {
        cpuShares: 512,
        cpuQuotaUs: megabytes * 1_000,
        cpuPeriodUs: megabytes * 2_000 > 1_000_000 ? 1_000_000 : 100_000,
        memoryLimitBytes: bytes,
        memorySwapLimitBytes: bytes,
        pidsLimit: megabytes,
      });
      const stats = await cgroups.stats(path);
      expect(stats?.memory.limit).toBe(bytes);
      expect(stats?.pids.limit).toBe(megabytes);
    }
    const root = rootOfController(cgroups.layout, 'cpu') ?? '';
    const quota = cgroups.layout.version === 'v1' ? 'cpu.cfs_quota_us' : 'cpu.max';
    expect(await readFile(`${root}${path}/${quota}`, 'utf8')).toContain('32000');
    await cgroups.writeResources(path, { memoryLimitBytes: -1, pidsLimit: -1, cpuQuotaUs: -1 });
    expect((await cgroups.stats(path))?.memory.limit).toBeUndefined();
  });

  it('counts an OOM kill', async () => {
    await cgroups.create(path);
    await cgroups.writeResources(path, { memoryLimitBytes: 16 * 1024 * 1024 });
    await inside(`exec ${process.execPath} -e 'const a=[]; for(;;) a.push(Buffer.alloc(1e6, 1))'`);
    await until(async () => ((await cgroups.stats(path))?.memory.oomKills ?? 0) > 0);
    expect((await cgroups.stats(path))?.memory.failures).toBeGreaterThan(0);
  });

  it.each([
    {
      sentence: 'a value that the kernel refuses',
      resources: { cpusetCpus: '4000' },
      kind: 'InvalidArgument',
    },
  ])('says what was wrong with $sentence', async ({ resources, kind }) => {
    await cgroups.create(path);
    const write = cgroups.writeResources(path, resources);
    await expect(write).rejects.toMatchObject({ kind });
    await expect(write).rejects.toThrow('cpuset.cpus can\'t be set to "4000"');
    await expect(cgroups.writeResources(`${path}/none`, resources)).rejects.toMatchObject({
      kind: 'NotFound',
    });
  });

  it('gives up in time on a cgroup that does not get empty', async () => {
    await cgroups.create(path);
    await inside('exec sleep 100');
    const hasty = new Cgroups({ layout: cgroups.layout, timeoutMs: 100 });
    await expect(hasty.remove(path)).rejects.toMatchObject({ kind: 'DeadlineExceeded' });
  });

  it('reads the stats of 100 cgroups quickly', async () => {
    const paths = Array.from({ length: 100 }, (_, index) => `${parent}/many-${String(index)}`);
    await Promise.all(paths.map((many) => cgroups.create(many)));
    await Promise.all(paths.map((many) => cgroups.stats(many)));
    const start = performance.now();
    const all = await Promise.all(paths.map((many) => cgroups.stats(many)));
    console.info(`stats of 100 cgroups: ${(performance.now() - start).toFixed(0)} ms`);
    expect(all.every((stats) => stats !== undefined)).toBe(true);
  });
});

describe('a v2 hierarchy of this host', () => {
  it('is filled, killed at one stroke and removed', async (test) => {
    const { layout } = cgroups;
    const root = layout.version === 'v2' ? layout.root : layout.unified;
    if (root === undefined) return test.skip('this host has no unified hierarchy');
    const unified = new Cgroups({ layout: { version: 'v2', root, controllers: [] } });
    await unified.create(path);
    const child = spawn('sh', ['-c', 'read _; sleep 100 & sleep 100 & wait'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    children.push(child);
    await once(child, 'spawn');
    await unified.addProcess(path, child.pid as number);
    child.stdin.end('go\n');
    await until(async () => (await unified.processes(path)).length === 3);
    expect((await unified.stats(path))?.cpu.usageNs).toBeGreaterThan(0n);
    await unified.kill(parent);
    expect(await unified.processes(parent)).toEqual([]);
    await unified.remove(parent);
    expect(await unified.exists(parent)).toBe(false);
  });
});
