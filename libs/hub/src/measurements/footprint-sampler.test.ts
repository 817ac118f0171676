import type { TrialFootprint } from '@crihub/experiment/compare';
import { newContainerId, newSandboxId } from '@crihub/kernel';
import { RecordingLogger } from '@crihub/kernel/testing';
import type { CgroupStats, ProcessUsage } from '@crihub/linux';
import { expect, it, vi } from 'vitest';
import type { ContainerRecord } from '../records/container-record.ts';
import type { Records } from '../records/records.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import { FootprintSampler } from './footprint-sampler.ts';

const MIB = 2 ** 20;
/** A pause process and a container, each under a monitor; a child of the daemon; a virtual machine. */
const PROCESSES: Readonly<Record<number, ProcessUsage>> = {
  10: { parentPid: 11, memoryBytes: 1 * MIB, cpuSeconds: 0.1 },
  11: { parentPid: 1, memoryBytes: 4 * MIB, cpuSeconds: 0.4 },
  20: { parentPid: 21, memoryBytes: 64 * MIB, cpuSeconds: 9 },
  21: { parentPid: 1, memoryBytes: 2 * MIB, cpuSeconds: 0.2 },
  30: { parentPid: process.pid, memoryBytes: 64 * MIB, cpuSeconds: 9 },
  40: { parentPid: 1, memoryBytes: 100 * MIB, cpuSeconds: 9 },
};

const used = (seconds: number, mib: number): CgroupStats =>
  ({
    cpu: { usageNs: BigInt(seconds) * 1_000_000_000n },
    memory: { workingSet: mib * MIB },
  }) as CgroupStats;

type Footprints = readonly Omit<TrialFootprint, 'at'>[];

/** A pod, what samples it, and what was sampled. */
function samplerOf(pod: Partial<SandboxRecord>, pids: readonly number[], guest?: CgroupStats) {
  const taken: Omit<TrialFootprint, 'at'>[] = [];
  const id = newSandboxId();
  const record = { id, handler: 'docker', phase: 'ready', ...pod } as SandboxRecord;
  const containers = pids.map(
    (pid) =>
      ({
        ...{ id: newContainerId(), phase: 'running' },
        ...(guest === undefined ? { pid, cgroup: '/c' } : {}),
      }) as ContainerRecord,
  );
  const sampler = new FootprintSampler({
    records: {
      sandboxes: { get: () => record, all: () => [record].values() },
      containersOf: () => containers,
    } as unknown as Records,
    cgroups: { stats: async () => used(3, 5) },
    guests: { read: async () => guest && { cgroup: guest, memory: undefined, descriptors: undefined } },
    usageOf: async (pid) => PROCESSES[pid],
    engines: {
      refresh: async () => undefined,
      shareOf: () => ({ memoryBytes: 8 * MIB, cpuSeconds: 1 }),
    } as unknown as ConstructorParameters<typeof FootprintSampler>[0]['engines'],
    journal: { footprint: (footprint) => taken.push(footprint) },
    logger: new RecordingLogger(),
  });
  return { sampler, id, taken };
}

async function sample(...pod: Parameters<typeof samplerOf>): Promise<Footprints> {
  const { sampler, id, taken } = samplerOf(...pod);
  await sampler.beforeEnd(id);
  await sampler.beforeEnd(id); // as when its next container is stopped: once is enough
  return taken;
}

it('adds up what serves the pod, beside what its containers take', async () => {
  const [footprint, ...more] = await sample({ pid: 10 }, [20]);
  expect(more).toEqual([]);
  expect(footprint).toMatchObject({
    overheadMemoryBytes: (1 + 4 + 2 + 8) * MIB,
    workloadMemoryBytes: 5 * MIB,
    workloadCpuSeconds: 3,
  });
  expect(footprint?.overheadCpuSeconds).toBeCloseTo(0.1 + 0.4 + 0.2 + 1);
});

it('does not take the daemon for a monitor, and counts a shared monitor once', async () => {
  expect((await sample({}, [30]))[0]).toMatchObject({ overheadMemoryBytes: 8 * MIB });
  expect((await sample({}, [20, 20]))[0]).toMatchObject({ overheadMemoryBytes: (2 + 8) * MIB });
});

it('samples no pod that runs nothing', async () => {
  expect(await sample({ pid: 10 }, [])).toEqual([]);
  expect(await sample({ phase: 'notReady' }, [20])).toEqual([]);
});

it.each([
  ['is its overhead, without what its containers use', used(3, 40), { memory: 60, cpu: 6 }],
  ['is no negative overhead when the guest counts more than the host', used(11, 120), { memory: 0, cpu: 0 }],
])('a virtual machine %s', async (_sentence, guest, machine) => {
  const [footprint] = await sample({ pid: 40 }, [0], guest);
  expect(footprint).toEqual({
    pod: expect.any(String) as string,
    overheadMemoryBytes: (machine.memory + 8) * MIB,
    overheadCpuSeconds: machine.cpu + 1,
    workloadMemoryBytes: guest.memory.workingSet,
    workloadCpuSeconds: Number(guest.cpu.usageNs) / 1e9,
  });
});

it('samples a pod when it has begun, every half minute, and at its end if that is not at once', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const { sampler, id, taken } = samplerOf({ pid: 10 }, [20]);
    const counts: number[] = [];
    for (const [ms, look] of [
      [0, () => sampler.tick()],
      [900, () => sampler.beforeEnd(id)],
      [100, () => sampler.beforeEnd(id)],
      [29_000, () => sampler.tick()],
      [1_000, () => sampler.tick()],
    ] as const) {
      vi.advanceTimersByTime(ms);
      await look();
      counts.push(taken.length);
    }
    expect(counts).toEqual([1, 1, 2, 2, 3]);
  } finally {
    vi.useRealTimers();
  }
});
