import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CgroupResources, cpuWeightOf, resourceWritesV1, resourceWritesV2 } from './resources.ts';

const lines = (writes: readonly { file: string; value: string }[]): readonly string[] =>
  writes.map(({ file, value }) => `${file}=${value}`);

const cases: readonly { sentence: string; resources: CgroupResources; v1: string[]; v2: string[] }[] = [
  { sentence: 'nothing', resources: {}, v1: [], v2: [] },
  {
    sentence: 'shares, quota and period',
    resources: { cpuShares: 1024, cpuQuotaUs: 50_000, cpuPeriodUs: 100_000 },
    v1: ['cpu.shares=1024', 'cpu.cfs_period_us=100000', 'cpu.cfs_quota_us=50000'],
    v2: ['cpu.weight=100', 'cpu.max=50000 100000'],
  },
  {
    sentence: 'no quota any more',
    resources: { cpuQuotaUs: -1 },
    v1: ['cpu.cfs_quota_us=-1'],
    v2: ['cpu.max=max'],
  },
  {
    sentence: 'memory without swap',
    resources: { memoryLimitBytes: 4096, memorySwapLimitBytes: 4096 },
    v1: ['memory.limit_in_bytes=4096', 'memory.memsw.limit_in_bytes=4096'],
    v2: ['memory.swap.max=0', 'memory.max=4096'],
  },
  {
    sentence: 'memory and some swap',
    resources: { memoryLimitBytes: 4096, memorySwapLimitBytes: 12_288 },
    v1: ['memory.limit_in_bytes=4096', 'memory.memsw.limit_in_bytes=12288'],
    v2: ['memory.swap.max=8192', 'memory.max=4096'],
  },
  {
    sentence: 'no limit of memory any more',
    resources: { memoryLimitBytes: -1 },
    v1: ['memory.limit_in_bytes=-1', 'memory.memsw.limit_in_bytes=-1'],
    v2: ['memory.swap.max=max', 'memory.max=max'],
  },
  {
    sentence: 'cpusets, pids and huge pages',
    resources: {
      cpusetCpus: '0-1',
      cpusetMems: '0',
      pidsLimit: 7,
      hugepages: [{ pageSize: '2MB', limitBytes: 2097152 }],
    },
    v1: ['cpuset.cpus=0-1', 'cpuset.mems=0', 'pids.max=7', 'hugetlb.2MB.limit_in_bytes=2097152'],
    v2: [
      'cpuset.cpus=0-1',
      'cpuset.mems=0',
      'pids.max=7',
      'hugetlb.2MB.max=2097152',
      'hugetlb.2MB.rsvd.max=2097152',
    ],
  },
  {
    sentence: 'as many pids as one likes',
    resources: { pidsLimit: -1 },
    v1: ['pids.max=max'],
    v2: ['pids.max=max'],
  },
];

describe('resource writes', () => {
  it.each(cases)('of $sentence', ({ resources, v1, v2 }) => {
    expect(lines(resourceWritesV1(resources))).toEqual(v1);
    expect(lines(resourceWritesV2(resources))).toEqual(v2);
  });

  it('passes unified settings on in v2 and refuses them in v1', () => {
    const resources = { unified: { 'memory.high': '1000', 'io.weight': 'default 50' } };
    expect(lines(resourceWritesV2(resources))).toEqual(['memory.high=1000', 'io.weight=default 50']);
    expect(() => resourceWritesV1(resources)).toThrow('cgroup v2');
  });

  it.each(['../escape', 'memory/high', 'cgroup.kill', 'cgroup.procs', 'memory', ''])(
    'refuses the unified file "%s"',
    (file) => expect(() => resourceWritesV2({ unified: { [file]: '1' } })).toThrow('is not a file'),
  );

  it.each([
    { sentence: 'without a limit of memory', resources: { memorySwapLimitBytes: 5 } },
    { sentence: 'below that of memory', resources: { memorySwapLimitBytes: 5, memoryLimitBytes: 6 } },
  ])('refuses a limit of swap $sentence in v2', ({ resources }) =>
    expect(() => resourceWritesV2(resources)).toThrow('memory and swap together'),
  );
});

describe('cpuWeightOf', () => {
  it.each([
    [0, 1],
    [2, 1],
    [1024, 100],
    [262_144, 10_000],
    [300_000, 10_000],
  ])('makes of %i shares the weight %i', (shares, weight) => expect(cpuWeightOf(shares)).toBe(weight));

  it('never gives less weight for more shares, and stays in range', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 262_144 }), fc.integer({ min: 2, max: 262_144 }), (a, b) => {
        const [low, high] = [cpuWeightOf(Math.min(a, b)), cpuWeightOf(Math.max(a, b))];
        expect(low).toBeLessThanOrEqual(high);
        expect(low).toBeGreaterThanOrEqual(1);
        expect(high).toBeLessThanOrEqual(10_000);
      }),
    );
  });
});
