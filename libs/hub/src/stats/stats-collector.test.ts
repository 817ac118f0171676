import type { CgroupStats } from '@crihub/linux';
import { describe, expect, it } from 'vitest';
import type { ContainerRecord } from '../records/container-record.ts';
import { CpuRates } from './cpu-rates.ts';
import { PodInterfaces } from './pod-interfaces.ts';
import { StatsCollector } from './stats-collector.ts';
import {
  cgroupStats,
  containerRecord,
  interfaceStatistics,
  ManualClock,
  recordingLogger,
  sandboxRecord,
} from './testing/fixtures.ts';

const none = new AbortController().signal;

interface Node {
  readonly containers?: readonly ContainerRecord[];
  readonly cgroups?: Readonly<Record<string, CgroupStats | Error>>;
  /** Of containers whose cgroups are not this host's, by id. */
  readonly guests?: Readonly<Record<string, CgroupStats>>;
  readonly interfaces?: () => Promise<readonly ReturnType<typeof interfaceStatistics>[]>;
}

function rig({ containers = [], cgroups = {}, guests = {}, interfaces = async () => [] }: Node) {
  const clock = new ManualClock();
  const logger = recordingLogger();
  const reads: string[] = [];
  const figures = new Map(Object.entries(cgroups));
  const collector = new StatsCollector(
    { containersDirectory: '/var/lib/crihub/containers' },
    {
      records: { containersOf: (id) => containers.filter(({ sandboxId }) => sandboxId === id) },
      cgroups: {
        stats: async (path) => {
          reads.push(path);
          const found = figures.get(path);
          if (found instanceof Error) throw found;
          return found;
        },
      },
      guests: {
        read: async ({ id }) => {
          const cgroup = guests[id];
          return cgroup && { cgroup, memory: undefined, descriptors: undefined };
        },
      },
      interfaces: new PodInterfaces({ interfaces: { read: interfaces }, logger }),
      layers: { usage: async () => ({ bytes: 4_096, inodes: 3, measuredAt: 77n }) },
      rates: new CpuRates(),
      clock,
      logger,
    },
  );
  return { clock, logger, reads, figures, collector };
}

const attached = {
  state: 'attached',
  namespacePath: '/run/netns/one',
  attachment: { interfaceName: 'eth0', addresses: [], routes: [] },
  ips: ['10.0.0.2'],
} as const;

describe('the statistics of a container', () => {
  const record = containerRecord({ cgroup: '/pod/one' });

  it('are its attributes, its cgroup and its writable layer', async () => {
    const { collector, clock } = rig({ cgroups: { '/pod/one': cgroupStats() } });
    const stats = await collector.container(record, none);
    expect(stats.attributes).toEqual({
      id: record.id,
      metadata: { name: 'nginx', attempt: 2 },
      labels: { tier: 'front' },
      annotations: {},
    });
    expect(stats.cpu).toMatchObject({
      timestamp: clock.nowNs(),
      usageCoreNanoSeconds: { value: 7_500_000_000n },
    });
    expect(stats.memory?.workingSetBytes).toEqual({ value: 8_000n });
    expect(stats.swap?.swapAvailableBytes).toEqual({ value: 800n });
    expect(stats.io?.psi?.Some?.Total).toBe(4_000_000_000n);
    expect(stats.writableLayer).toEqual({
      timestamp: 77n,
      fsId: { mountpoint: '/var/lib/crihub/containers' },
      usedBytes: { value: 4_096n },
      inodesUsed: { value: 3n },
    });
  });

  it('have a CPU rate from the second time on', async () => {
    const { collector, clock, figures } = rig({ cgroups: { '/pod/one': cgroupStats() } });
    expect((await collector.container(record, none)).cpu?.usageNanoCores).toBeUndefined();
    clock.advance(4);
    figures.set('/pod/one', cgroupStats({ cpu: { usageNs: 8_500_000_000n } }));
    expect((await collector.container(record, none)).cpu?.usageNanoCores).toEqual({ value: 250_000_000n });
  });

  it('of one that ended are what it left on disk; its cgroup is not looked for', async () => {
    const { collector, reads } = rig({});
    const stats = await collector.container(containerRecord({ phase: 'exited' }), none);
    expect([stats.cpu, stats.memory, stats.swap, stats.io]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(stats.writableLayer?.usedBytes).toEqual({ value: 4_096n });
    expect(reads).toEqual([]);
  });
});

describe('the list of containers', () => {
  it('holds those that run; ended and vanished ones are left out', async () => {
    const running = containerRecord({ cgroup: '/pod/running' });
    const created = containerRecord({ cgroup: '/pod/created', phase: 'created' });
    const guest = containerRecord({});
    const { cgroup: _inTheGuest, ...withoutCgroup } = guest;
    const vanished = containerRecord({ cgroup: '/pod/vanished' });
    const ended = containerRecord({ cgroup: '/pod/ended', phase: 'exited' });
    const { collector } = rig({
      cgroups: { '/pod/running': cgroupStats(), '/pod/created': cgroupStats(), '/pod/ended': cgroupStats() },
    });
    const list = await collector.containers([running, created, withoutCgroup, vanished, ended], none);
    expect(list.map(({ attributes }) => attributes?.id)).toEqual([running.id, created.id, guest.id]);
    expect(list[2]?.cpu).toBeUndefined();
  });

  it('survives a cgroup that can’t be read, and the log says which', async () => {
    const [good, bad] = [containerRecord({ cgroup: '/pod/good' }), containerRecord({ cgroup: '/pod/bad' })];
    const { collector, logger } = rig({
      cgroups: { '/pod/good': cgroupStats(), '/pod/bad': new Error('EIO: input/output error') },
    });
    const list = await collector.containers([bad, good], none);
    expect(list.map(({ attributes }) => attributes?.id)).toEqual([good.id]);
    expect(logger.warnings).toEqual([
      { what: 'the cgroup of a container', id: bad.id, error: 'EIO: input/output error' },
    ]);
  });

  it('ends when its caller left', async () => {
    const record = containerRecord({ cgroup: '/pod/bad' });
    const { collector, logger } = rig({ cgroups: { '/pod/bad': new Error('aborted') } });
    await expect(collector.containers([record], AbortSignal.abort(new Error('left')))).rejects.toThrow(
      'left',
    );
    expect(logger.warnings).toEqual([]);
  });
});

describe('the statistics of a pod', () => {
  const pod = sandboxRecord({ network: attached });
  const parent = '/kubepods/pod0b1e-77';
  const one = containerRecord({ sandboxId: pod.id, cgroup: `${parent}/one` });
  const two = containerRecord({ sandboxId: pod.id, cgroup: `${parent}/two` });
  const ended = containerRecord({ sandboxId: pod.id, cgroup: `${parent}/ended`, phase: 'exited' });

  it('come from its own cgroup, its interfaces and its running containers', async () => {
    const { collector, clock } = rig({
      containers: [one, two, ended],
      cgroups: {
        [parent]: cgroupStats({ memory: { usage: 99_000 } }),
        [`${parent}/one`]: cgroupStats(),
        [`${parent}/two`]: cgroupStats(),
      },
      interfaces: async () => [
        interfaceStatistics('lo', 1),
        interfaceStatistics('eth0', 100),
        interfaceStatistics('net1', 200),
      ],
    });
    const { attributes, linux } = await collector.pod(pod, none);
    expect(attributes).toMatchObject({ id: pod.id, labels: { app: 'web' }, annotations: { note: 'one' } });
    expect(linux?.memory?.usageBytes).toEqual({ value: 99_000n });
    expect(linux?.process?.processCount).toEqual({ value: 12n });
    expect(linux?.containers.map((container) => container.attributes?.id)).toEqual([one.id, two.id]);
    expect(linux?.network).toEqual({
      timestamp: clock.nowNs(),
      defaultInterface: {
        name: 'eth0',
        rxBytes: { value: 100n },
        rxErrors: { value: 102n },
        txBytes: { value: 104n },
        txErrors: { value: 106n },
      },
      interfaces: [expect.objectContaining({ name: 'net1' })],
    });
  });

  it('without a cgroup of its own are the sum of its containers, each read once', async () => {
    const shared = sandboxRecord({ id: pod.id, sandbox: { cgroupParent: '/shared' } });
    const { collector, reads } = rig({
      containers: [one, two],
      cgroups: { [`${parent}/one`]: cgroupStats(), [`${parent}/two`]: cgroupStats() },
    });
    const { linux } = await collector.pod(shared, none);
    expect(linux?.memory?.usageBytes).toEqual({ value: 20_000n });
    expect(linux?.cpu?.usageCoreNanoSeconds).toEqual({ value: 15_000_000_000n });
    expect(reads.toSorted()).toEqual([`${parent}/one`, `${parent}/two`]);
  });

  it('survive interfaces that can’t be read', async () => {
    const { collector, logger } = rig({
      cgroups: { [parent]: cgroupStats() },
      interfaces: async () => {
        throw new Error('EIO: /run/netns/one');
      },
    });
    const { linux } = await collector.pod(pod, none);
    expect(linux?.network).toBeUndefined();
    expect(linux?.cpu).toBeDefined();
    expect(logger.warnings).toHaveLength(1);
  });

  it('of one that is being stopped have no interfaces, which is no trouble', async () => {
    const { collector, logger } = rig({
      interfaces: () => Promise.reject(Object.assign(new Error('gone'), { code: 'ENOENT' })),
    });
    expect((await collector.pod(pod, none)).linux?.network).toBeUndefined();
    expect(logger.warnings).toEqual([]);
  });

  it('on the node’s network have no interfaces of their own', async () => {
    const { collector } = rig({
      interfaces: () => Promise.reject(new Error('must not be asked')),
    });
    const { linux } = await collector.pod(sandboxRecord({ network: { state: 'host' } }), none);
    expect(linux).toMatchObject({
      network: undefined,
      cpu: undefined,
      memory: undefined,
      process: undefined,
    });
  });

  it('the list holds those that are ready', async () => {
    const { collector } = rig({ cgroups: { [parent]: cgroupStats() } });
    const list = await collector.pods([pod, sandboxRecord({ phase: 'notReady' })], none);
    expect(list.map(({ attributes }) => attributes?.id)).toEqual([pod.id]);
  });
});

it('asks the guest about a container that has no cgroup here', async () => {
  const { cgroup: _none, ...record } = containerRecord();
  const { collector } = rig({ containers: [record], guests: { [record.id]: cgroupStats() } });
  const { memory } = await collector.container(record, none);
  expect(memory?.usageBytes?.value).toBe(BigInt(cgroupStats().memory.usage ?? 0));
});
