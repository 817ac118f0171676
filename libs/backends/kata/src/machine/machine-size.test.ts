import { describe, expect, it } from 'vitest';
import { machineSize } from './machine-size.ts';

const MEBIBYTE = 1024 * 1024;
const defaults = { memoryBytes: 256 * MEBIBYTE, cpus: 1 };

describe('the size of a machine', () => {
  it.each([
    { resources: {}, size: defaults, why: 'is the default without limits' },
    {
      resources: { memoryLimitBytes: 64 * MEBIBYTE },
      size: { memoryBytes: 320 * MEBIBYTE, cpus: 1 },
      why: "has the pod's memory on top of the guest's",
    },
    { resources: { memoryLimitBytes: -1 }, size: defaults, why: 'is the default for no limit' },
    {
      resources: { cpuQuotaUs: 250_000, cpuPeriodUs: 100_000 },
      size: { ...defaults, cpus: 3 },
      why: 'has a processor for each that the quota lets run',
    },
    { resources: { cpuQuotaUs: 50_000 }, size: defaults, why: 'has one processor for less than one' },
  ])('$why', ({ resources, size }) => expect(machineSize({ resources }, defaults)).toEqual(size));
});
