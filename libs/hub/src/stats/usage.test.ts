import { describe, expect, it } from 'vitest';
import { sumReadings } from './sum-readings.ts';
import { cgroupStats, withoutPressure } from './testing/fixtures.ts';
import { cpuUsage, figure, ioUsage, memoryUsage, swapUsage } from './usage.ts';

describe('figures for the wire', () => {
  it.each([
    ['unknown stays absent', undefined, undefined],
    ['zero is a figure', 0, { value: 0n }],
    ['fractions are cut', 2.9, { value: 2n }],
    ['nothing is below zero, which would wrap', -5, { value: 0n }],
    ['large counters are exact', 2n ** 63n, { value: 2n ** 63n }],
  ])('%s', (_sentence, value, expected) => expect(figure(value)).toEqual(expected));

  it('cpu with pressure and rate', () => {
    expect(cpuUsage(cgroupStats(), 5n, 250n)).toEqual({
      timestamp: 5n,
      usageCoreNanoSeconds: { value: 7_500_000_000n },
      usageNanoCores: { value: 250n },
      psi: {
        Some: { Total: 8_000_000_000n, Avg10: 1.5, Avg60: 0.5, Avg300: 0.25 },
        Full: { Total: 4_000_000_000n, Avg10: 1.5, Avg60: 0.5, Avg300: 0.25 },
      },
    });
    expect(cpuUsage(cgroupStats({ cpu: { usageNs: undefined } }), 5n, undefined)).toBeUndefined();
  });

  it('memory: what is available is the limit less the working set', () => {
    expect(memoryUsage(cgroupStats(withoutPressure), 5n)).toEqual({
      timestamp: 5n,
      workingSetBytes: { value: 8_000n },
      availableBytes: { value: 12_000n },
      usageBytes: { value: 10_000n },
      rssBytes: { value: 6_000n },
      pageFaults: { value: 900n },
      majorPageFaults: { value: 9n },
      psi: undefined,
    });
  });

  it('without a limit nothing is said of what is available', () => {
    const reading = cgroupStats({ memory: { limit: undefined, swapLimit: undefined } });
    expect(memoryUsage(reading, 5n)?.availableBytes).toBeUndefined();
    expect(swapUsage(reading, 5n)).toEqual({
      timestamp: 5n,
      swapAvailableBytes: undefined,
      swapUsageBytes: { value: 200n },
    });
  });

  it('swap and io are absent where the kernel counts none', () => {
    expect(swapUsage(cgroupStats({ memory: { swapUsage: undefined } }), 5n)).toBeUndefined();
    expect(ioUsage(cgroupStats(withoutPressure), 5n)).toBeUndefined();
    expect(ioUsage(cgroupStats(), 5n)?.psi?.Full?.Total).toBe(2_000_000_000n);
  });
});

describe('sumReadings', () => {
  it('nothing has no sum, and one is itself', () => {
    const one = cgroupStats();
    expect(sumReadings([])).toBeUndefined();
    expect(sumReadings([one])).toBe(one);
  });

  it('counters add up; limits, peaks and pressure have no sum', () => {
    const sum = sumReadings([cgroupStats(), cgroupStats({ cpu: { usageNs: 500_000_000n } })]);
    expect(sum?.cpu.usageNs).toBe(8_000_000_000n);
    expect(sum?.memory).toMatchObject({ usage: 20_000, workingSet: 16_000, pageFaults: 1_800 });
    expect([sum?.memory.limit, sum?.memory.maxUsage, sum?.pressure.cpu]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(sum?.pids).toEqual({ current: 24, limit: undefined });
  });

  it('one unknown part makes the sum unknown, not too small', () => {
    const sum = sumReadings([cgroupStats(), cgroupStats({ memory: { rss: undefined } }), cgroupStats()]);
    expect(sum?.memory.rss).toBeUndefined();
    expect(sum?.memory.usage).toBe(30_000);
  });
});
