import { expect, it } from 'vitest';
import { CpuRates } from './cpu-rates.ts';
import { CpuSampler } from './cpu-sampler.ts';
import { containerRecord, ManualClock, recordingLogger, sandboxRecord } from './testing/fixtures.ts';

it('samples running containers and ready pods, so that who asks later gets a rate at once', async () => {
  const pod = sandboxRecord();
  const bad = sandboxRecord({ sandbox: { cgroupParent: 'a--b.slice' } });
  const running = containerRecord({ sandboxId: pod.id, cgroup: '/kubepods/pod0b1e-77/one' });
  const ended = containerRecord({ sandboxId: pod.id, phase: 'exited' });
  const [clock, rates, logger] = [new ManualClock(), new CpuRates(), recordingLogger()];
  const usages = new Map([
    ['/kubepods/pod0b1e-77', 5_000_000_000n],
    ['/kubepods/pod0b1e-77/one', 4_000_000_000n],
  ]);
  const sampler = new CpuSampler({
    records: {
      sandboxes: { all: () => [pod, bad].values() },
      containers: { all: () => [running, ended].values() },
      containersOf: () => [running, ended],
    },
    files: { cpuUsage: async (path) => usages.get(path) },
    rates,
    clock,
    logger,
  });
  await sampler.sample();
  expect(rates.size).toBe(2);
  clock.advance(10);
  expect(rates.add(running.id, clock.nowNs(), 9_000_000_000n)).toBe(500_000_000n);
  expect(rates.add(pod.id, clock.nowNs(), 15_000_000_000n)).toBe(1_000_000_000n);
  expect(logger.warnings).toEqual([
    expect.objectContaining({ id: bad.id, error: expect.stringContaining('a--b.slice') as string }),
  ]);
});
