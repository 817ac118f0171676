import type { Resources } from '@crihub/contract';
import { describe, expect, it } from 'vitest';
import { changeLimits, previousLimits } from './container-limits.ts';

const MIB = 1024 * 1024;

describe('previousLimits', () => {
  it.each<[string, Resources, Resources, Resources]>([
    ['what was set', { cpuShares: 512 }, { cpuShares: 2 }, { cpuShares: 512 }],
    ['no limit where none was', {}, { cpuQuotaUs: 5 }, { cpuQuotaUs: -1 }],
    ['swap with memory', {}, { memoryLimitBytes: MIB }, { memoryLimitBytes: -1, memorySwapLimitBytes: -1 }],
    [
      'no swap beyond memory where only that was limited',
      { memoryLimitBytes: 2 * MIB },
      { memoryLimitBytes: MIB },
      { memoryLimitBytes: 2 * MIB, memorySwapLimitBytes: 2 * MIB },
    ],
    ['nothing for what has no neutral value', {}, { cpusetCpus: '9' }, {}],
    [
      'nothing that the change does not touch',
      { cpuShares: 512, pidsLimit: 9 },
      { pidsLimit: 1 },
      { pidsLimit: 9 },
    ],
  ])('gives %s', (_what, from, change, expected) => {
    expect(previousLimits(from, change)).toEqual(expected);
  });
});

describe('changeLimits', () => {
  const failing = (failures: readonly (string | undefined)[]) => {
    const asked: Resources[] = [];
    const limit = async (_path: string, resources: Resources): Promise<void> => {
      const failure = failures[asked.push(resources) - 1];
      if (failure !== undefined) throw new Error(failure);
    };
    return { asked, cgroups: { limit } as never };
  };
  const change = { from: { cpuShares: 512 }, to: { cpuShares: 2 } };

  it('puts the old limits back when a new one is refused', async () => {
    const { asked, cgroups } = failing(['refused']);
    await expect(changeLimits(cgroups, '/c', change)).rejects.toThrow('refused');
    expect(asked).toEqual([change.to, change.from]);
  });

  it('says so when that fails as well', async () => {
    const { cgroups } = failing(['refused', 'broken']);
    await expect(changeLimits(cgroups, '/c', change)).rejects.toMatchObject({
      kind: 'Internal',
      message: expect.stringMatching(/refused.*could not be put back: broken/) as string,
    });
  });
});
