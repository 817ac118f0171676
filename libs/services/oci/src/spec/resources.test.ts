import type { Resources } from '@crihub/contract';
import { describe, expect, it } from 'vitest';
import type { ResolvedDevice } from '../devices/resolved-device.ts';
import { deviceNodes, deviceRules } from './devices.ts';
import { ociResources } from './resources.ts';

const modern = { cgroupVersion: 2, swapLimit: true, hugepageLimit: true } as const;
const old = { cgroupVersion: 1, swapLimit: false, hugepageLimit: false } as const;
const GIB = 2 ** 30;

describe('ociResources', () => {
  it.each<[string, Resources, typeof modern | typeof old, object]>([
    ['nothing for no limits', {}, modern, {}],
    [
      'CPU in the terms of cgroup v1',
      { cpuShares: 512, cpuQuotaUs: -1, cpuPeriodUs: 100_000, cpusetCpus: '0-1', cpusetMems: '0' },
      modern,
      { cpu: { shares: 512, quota: -1, period: 100_000, cpus: '0-1', mems: '0' } },
    ],
    ['no cpuset for an empty list', { cpusetCpus: '', cpusetMems: '' }, modern, {}],
    [
      'no swap with a memory limit alone',
      { memoryLimitBytes: GIB },
      modern,
      { memory: { limit: GIB, swap: GIB } },
    ],
    [
      'swap as asked',
      { memoryLimitBytes: GIB, memorySwapLimitBytes: 2 * GIB },
      modern,
      { memory: { limit: GIB, swap: 2 * GIB } },
    ],
    [
      'no word of swap where it is not counted',
      { memoryLimitBytes: GIB, memorySwapLimitBytes: GIB },
      old,
      { memory: { limit: GIB } },
    ],
    ['a limit of processes', { pidsLimit: 100 }, modern, { pids: { limit: 100 } }],
    [
      'huge pages',
      { hugepages: [{ pageSize: '2MB', limitBytes: GIB }] },
      modern,
      { hugepageLimits: [{ pageSize: '2MB', limit: GIB }] },
    ],
    ['no huge pages without their controller', { hugepages: [{ pageSize: '2MB', limitBytes: 0 }] }, old, {}],
    [
      'raw settings of cgroup v2',
      { unified: { 'memory.high': '1G' } },
      modern,
      { unified: { 'memory.high': '1G' } },
    ],
  ])('has %s', (_sentence, resources, host, expected) => {
    expect(ociResources(resources, [], host)).toEqual({ devices: [], ...expected });
  });

  it('refuses cgroup v2 settings on cgroup v1, and says which', () => {
    expect(() => ociResources({ unified: { 'memory.high': '1' } }, [], old)).toThrow(
      /memory\.high .*cgroup v1/,
    );
  });
});

describe('devices', () => {
  const device: ResolvedDevice = { path: '/dev/a', type: 'c', major: 10, minor: 229, permissions: 'rw' };

  it('are all forbidden but the standard ones and those given', () => {
    const rules = deviceRules(false, [device]);
    expect(rules[0]).toEqual({ allow: false, access: 'rwm' });
    expect(rules).toContainEqual({ allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' });
    expect(rules.at(-1)).toEqual({ allow: true, type: 'c', major: 10, minor: 229, access: 'rw' });
    expect(rules.filter((rule) => rule.allow && rule.major === undefined)).toEqual([
      { allow: true, type: 'c', access: 'm' },
      { allow: true, type: 'b', access: 'm' },
    ]);
  });

  it('are all allowed for a privileged container', () => {
    expect(deviceRules(true, [device])).toEqual([{ allow: true, access: 'rwm' }]);
  });

  it('need no rule for a FIFO, and one for characters if they are unbuffered', () => {
    const fifo: ResolvedDevice = { path: '/dev/p', type: 'p', permissions: 'rw' };
    const rules = deviceRules(false, [fifo, { ...device, type: 'u' }]);
    expect(rules.at(-1)).toMatchObject({ type: 'c', major: 10 });
    expect(rules).toHaveLength(deviceRules(false, []).length + 1);
  });

  it('are made once for a path, as asked for last', () => {
    expect(deviceNodes([device, { ...device, minor: 1 }])).toEqual([
      { path: '/dev/a', type: 'c', major: 10, minor: 1 },
    ]);
  });
});
