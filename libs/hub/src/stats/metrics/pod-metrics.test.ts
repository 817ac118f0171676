import { describe, expect, it } from 'vitest';
import { DeviceNames } from '../filesystem-figures.ts';
import { parseMemoryDetails } from '../memory-details.ts';
import { PodInterfaces } from '../pod-interfaces.ts';
import {
  cgroupStats,
  containerRecord,
  interfaceStatistics,
  ManualClock,
  recordingLogger,
  sandboxRecord,
} from '../testing/fixtures.ts';
import { BASE_LABELS } from './metric.ts';
import { PodMetrics } from './pod-metrics.ts';
import { SampleReader } from './sample-reader.ts';

const none = new AbortController().signal;
const network = {
  state: 'attached',
  namespacePath: '/run/netns/one',
  attachment: { interfaceName: 'eth0', addresses: [], routes: [] },
  ips: ['10.0.0.2'],
} as const;
const pod = sandboxRecord({ network, cgroup: '/kubepods/pod0b1e-77' });
const running = containerRecord({ sandboxId: pod.id, cgroup: '/kubepods/pod0b1e-77/one', pid: 77 });
const vanished = containerRecord({ sandboxId: pod.id, cgroup: '/kubepods/pod0b1e-77/gone' });
const ended = containerRecord({ sandboxId: pod.id, phase: 'exited' });

function rig(containersDirectory = '/', containers = [running, vanished, ended]) {
  const [clock, logger, devices] = [new ManualClock(), recordingLogger(), new DeviceNames()];
  const samples = new SampleReader({
    cgroups: { stats: async (path) => (path.endsWith('/one') ? cgroupStats() : undefined) },
    guests: {
      read: async () => ({
        cgroup: cgroupStats(),
        memory: parseMemoryDetails('active_file 55', 'v2'),
        descriptors: { files: 6, sockets: 2 },
      }),
    },
    files: { version: 'v1', read: async () => 'total_active_file 44\npgfault 10\n' },
    processes: {
      read: async (_path, firstPid) => {
        if (firstPid !== 77) throw new Error('EACCES');
        return { processes: 2, threads: 3, descriptors: { files: 9, sockets: 1 }, openFilesLimit: 64 };
      },
    },
    layers: { usage: async () => ({ bytes: 4_096, inodes: 3, measuredAt: 77n }) },
    devices,
    clock,
    logger,
  });
  const interfaces = new PodInterfaces({
    interfaces: { read: async () => [interfaceStatistics('lo', 1), interfaceStatistics('eth0', 100)] },
    logger,
  });
  const records = { containersOf: () => containers };
  const metrics = new PodMetrics(
    { containersDirectory, cgroupVersion: 'v1' },
    { records, samples, interfaces, devices, clock, logger },
  );
  return { metrics, logger };
}

describe('PodMetrics', () => {
  it('has ready pods with their interfaces, and containers that run with all the rest', async () => {
    const [only, ...others] = await rig().metrics.pods([pod, sandboxRecord({ phase: 'notReady' })], none);
    expect(others).toEqual([]);
    expect(only?.podSandboxId).toBe(pod.id);
    expect(only?.metrics).toHaveLength(8);
    expect(only?.metrics[0]).toMatchObject({
      name: 'container_network_receive_bytes_total',
      labelValues: ['/kubepods/pod0b1e-77', pod.id, '', 'POD', 'web', 'shop', 'crun', 'eth0'],
      value: { value: 100n },
    });
    expect(only?.containerMetrics.map(({ containerId }) => containerId)).toEqual([running.id]);
    const [container] = only?.containerMetrics ?? [];
    const byName = new Map(container?.metrics.map((metric) => [metric.name, metric]));
    expect(byName.get('container_threads')).toMatchObject({
      labelValues: [running.cgroup, running.id, 'registry.example/nginx:1', 'nginx', 'web', 'shop', 'crun'],
      value: { value: 12n },
    });
    expect(byName.get('container_memory_total_active_file_bytes')?.value).toEqual({ value: 44n });
    expect(byName.get('container_file_descriptors')?.value).toEqual({ value: 9n });
    expect(byName.get('container_fs_limit_bytes')?.value?.value).toBeGreaterThan(1_000_000n);
  });

  it('has of a container in a guest what the guest tells', async () => {
    const { cgroup: _inTheGuest, ...inGuest } = containerRecord({ sandboxId: pod.id });
    const [only] = await rig('/', [inGuest]).metrics.pods([pod], none);
    const values = new Map(
      only?.containerMetrics[0]?.metrics.map(({ name, value }) => [name, value?.value] as const),
    );
    expect(values.get('container_memory_max_usage_bytes')).toBe(12_000n);
    expect(values.get('container_memory_total_active_file_bytes')).toBe(55n);
    expect(values.get('container_file_descriptors')).toBe(6n);
    expect(values.get('container_sockets')).toBe(2n);
    expect(values.has('container_fs_reads_total')).toBe(false);
  });

  it('every sample has a descriptor with as many labels', async () => {
    const { metrics } = rig();
    const keys = new Map(metrics.descriptors().map(({ name, labelKeys }) => [name, labelKeys.length]));
    const [only] = await metrics.pods([pod], none);
    const all = [...(only?.metrics ?? []), ...(only?.containerMetrics ?? []).flatMap((one) => one.metrics)];
    expect(all.length).toBeGreaterThan(50);
    expect(all.filter(({ name, labelValues }) => keys.get(name) !== labelValues.length)).toEqual([]);
  });

  it('a part that can’t be read costs its own metrics alone', async () => {
    const { metrics, logger } = rig('/nowhere/at/all');
    const other = sandboxRecord({ network });
    const [only] = await metrics.pods([other], none);
    const names = new Set(only?.containerMetrics[0]?.metrics.map(({ name }) => name));
    expect(names.has('container_fs_limit_bytes')).toBe(false);
    expect(names.has('container_fs_usage_bytes')).toBe(true);
    expect(logger.warnings).toContainEqual(
      expect.objectContaining({ what: 'the filesystem of the writable layers' }),
    );
  });

  it('labels come in the order that the descriptors say', () => {
    const [first] = rig().metrics.descriptors();
    expect(first?.labelKeys).toEqual([...BASE_LABELS]);
  });
});
