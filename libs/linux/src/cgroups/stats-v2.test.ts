import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cgroups } from './cgroups.ts';

/** A tree of files as a v2 host has them. */
let root: string;
let cgroups: Cgroups;

async function files(contents: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(contents)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'crihub-cgroup2-'));
  const layout = { version: 'v2', root, controllers: ['cpu', 'memory', 'pids', 'io', 'hugetlb'] } as const;
  cgroups = new Cgroups({ layout, hugepageSizes: ['2MB', '1GB'] });
  await files({
    'pod/full/cgroup.procs': '10\n11\n',
    'pod/full/cpu.stat':
      'usage_usec 3000000\nuser_usec 2000000\nsystem_usec 1000000\nnr_periods 10\nnr_throttled 4\nthrottled_usec 5000\n',
    'pod/full/cpu.pressure':
      'some avg10=0.10 avg60=0.00 avg300=0.00 total=5\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
    'pod/full/memory.current': '1000000\n',
    'pod/full/memory.peak': '2000000\n',
    'pod/full/memory.max': '4000000\n',
    'pod/full/memory.low': '0\n',
    'pod/full/memory.swap.current': '70\n',
    'pod/full/memory.swap.max': 'max\n',
    'pod/full/memory.stat':
      'anon 300\nfile 500\nkernel 60\nfile_mapped 40\ninactive_file 200000\npgfault 8\npgmajfault 9\n',
    'pod/full/memory.events': 'low 0\nhigh 0\nmax 3\noom 2\noom_kill 1\n',
    'pod/full/pids.current': '5\n',
    'pod/full/pids.max': '100\n',
    'pod/full/io.stat': '254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n',
    'pod/full/hugetlb.2MB.current': '4194304\n',
    'pod/full/hugetlb.2MB.max': '8388608\n',
    'pod/bare/cgroup.procs': '',
  });
});
afterAll(() => rm(root, { recursive: true }));

describe('stats of a v2 cgroup', () => {
  it('has every number that the kernel has', async () => {
    expect(await cgroups.stats('/pod/full')).toMatchObject({
      cpu: {
        usageNs: 3_000_000_000n,
        userNs: 2_000_000_000n,
        systemNs: 1_000_000_000n,
        periods: 10,
        throttledPeriods: 4,
        throttledNs: 5_000_000n,
      },
      memory: {
        usage: 1_000_000,
        workingSet: 800_000,
        rss: 300,
        cache: 500,
        mappedFile: 40,
        kernel: 60,
        swapUsage: 70,
        limit: 4_000_000,
        swapLimit: undefined,
        reservation: 0,
        maxUsage: 2_000_000,
        failures: 3,
        oomKills: 1,
        pageFaults: 8,
        majorPageFaults: 9,
      },
      pids: { current: 5, limit: 100 },
      processes: 2,
      hugepages: [{ pageSize: '2MB', usageBytes: 4_194_304, limitBytes: 8_388_608 }],
      io: [{ major: 254, minor: 0, readBytes: 1, writeBytes: 2, readOperations: 3, writeOperations: 4 }],
      pressure: { cpu: { some: { average10: 0.1, totalNs: 5_000n } }, memory: undefined, io: undefined },
    });
  });

  it('makes nothing up where controllers are off', async () => {
    const stats = await cgroups.stats('/pod/bare');
    expect(stats).toMatchObject({ processes: 0, hugepages: [], io: undefined, pids: { current: undefined } });
    expect(Object.values({ ...stats?.memory, ...stats?.cpu }).every((value) => value === undefined)).toBe(
      true,
    );
  });

  it('is nothing for a cgroup that does not exist', async () => {
    expect(await cgroups.stats('/pod/none')).toBeUndefined();
    expect(await cgroups.exists('/pod/none')).toBe(false);
    expect(await cgroups.processes('/pod/none')).toEqual([]);
  });
});

describe('changes of a v2 cgroup', () => {
  it('finds processes of descendants too', async () => {
    await files({
      'tree/cgroup.procs': '1\n',
      'tree/a/cgroup.procs': '2\n',
      'tree/a/b/cgroup.procs': '3\n0\n',
    });
    expect([...(await cgroups.processes('/tree'))].sort()).toEqual([1, 2, 3]);
  });

  it('writes limits, and says which optional files there are not', async () => {
    await files({ 'limits/cgroup.procs': '', 'limits/memory.max': '', 'limits/pids.max': '' });
    const skipped = await cgroups.writeResources('/limits', {
      memoryLimitBytes: 5000,
      memorySwapLimitBytes: 5000,
      pidsLimit: 9,
    });
    expect(skipped).toEqual(['memory.swap.max']);
    await files({ 'limits/memory.current': '1' });
    expect((await cgroups.stats('/limits'))?.memory.limit).toBe(5000);
    expect((await cgroups.stats('/limits'))?.pids.limit).toBe(9);
  });

  it('names the controller that the node lacks', async () => {
    await files({ 'lacks/cgroup.procs': '' });
    await expect(cgroups.writeResources('/lacks', { cpusetCpus: '0' })).rejects.toThrow('cpuset.cpus');
  });

  it('enables the controllers of all parents', async () => {
    const control = { 'cgroup.controllers': 'cpu memory cpuset', 'cgroup.subtree_control': 'cpu' };
    for (const [name, content] of Object.entries(control))
      await files({ [name]: content, [`parent/${name}`]: content });
    await cgroups.create('/parent/child');
    // A plain file keeps what was written last, where the kernel would add it; cpu was on, cpuset is not ours.
    expect(await readFile(join(root, 'cgroup.subtree_control'), 'utf8')).toMatch(/^\+memory/);
    expect(await readFile(join(root, 'parent/cgroup.subtree_control'), 'utf8')).toMatch(/^\+memory/);
    expect(await cgroups.exists('/parent/child')).toBe(true);
  });
});
