import type { Resources } from '@crihub/contract';
import { expect, it } from 'vitest';
import { cgroupLimits } from './cgroup-limits.ts';

it.each<[string, Resources, object]>([
  [
    'memory alone as memory without swap',
    { memoryLimitBytes: 7 },
    { memoryLimitBytes: 7, memorySwapLimitBytes: 7 },
  ],
  [
    'memory and swap as they are',
    { memoryLimitBytes: 7, memorySwapLimitBytes: 9 },
    { memoryLimitBytes: 7, memorySwapLimitBytes: 9 },
  ],
  ['an empty list of processors as no change', { cpusetCpus: '', cpusetMems: '0' }, { cpusetMems: '0' }],
])('take %s', (_sentence, resources, limits) => {
  expect(cgroupLimits(resources)).toEqual(limits);
});
