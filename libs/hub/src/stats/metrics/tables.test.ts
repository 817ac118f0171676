import { MetricType } from '@crihub/wire/cri';
import { describe, expect, it } from 'vitest';
import { cgroupStats, interfaceStatistics, withoutPressure } from '../testing/fixtures.ts';
import { BASE_LABELS, describeMetric, renderMetrics } from './metric.ts';
import type { ContainerSample } from './samples.ts';
import { containerMetrics, podMetrics } from './tables.ts';

/** What critest looks for, which is what the kubelet has with cAdvisor. */
const EXPECTED = [
  'container_blkio_device_usage_total',
  'container_cpu_cfs_periods_total',
  'container_cpu_cfs_throttled_periods_total',
  'container_cpu_cfs_throttled_seconds_total',
  'container_cpu_system_seconds_total',
  'container_cpu_usage_seconds_total',
  'container_cpu_user_seconds_total',
  'container_file_descriptors',
  'container_fs_inodes_free',
  'container_fs_inodes_total',
  'container_fs_limit_bytes',
  'container_fs_reads_bytes_total',
  'container_fs_reads_total',
  'container_fs_usage_bytes',
  'container_fs_writes_bytes_total',
  'container_fs_writes_total',
  'container_hugetlb_max_usage_bytes',
  'container_hugetlb_usage_bytes',
  'container_last_seen',
  'container_memory_cache',
  'container_memory_failcnt',
  'container_memory_failures_total',
  'container_memory_kernel_usage',
  'container_memory_mapped_file',
  'container_memory_max_usage_bytes',
  'container_memory_rss',
  'container_memory_swap',
  'container_memory_usage_bytes',
  'container_memory_working_set_bytes',
  'container_network_receive_bytes_total',
  'container_network_receive_errors_total',
  'container_network_receive_packets_dropped_total',
  'container_network_receive_packets_total',
  'container_network_transmit_bytes_total',
  'container_network_transmit_errors_total',
  'container_network_transmit_packets_dropped_total',
  'container_network_transmit_packets_total',
  'container_oom_events_total',
  'container_pressure_cpu_stalled_seconds_total',
  'container_pressure_cpu_waiting_seconds_total',
  'container_pressure_io_stalled_seconds_total',
  'container_pressure_io_waiting_seconds_total',
  'container_pressure_memory_stalled_seconds_total',
  'container_pressure_memory_waiting_seconds_total',
  'container_processes',
  'container_sockets',
  'container_spec_cpu_period',
  'container_spec_cpu_quota',
  'container_spec_cpu_shares',
  'container_spec_memory_limit_bytes',
  'container_spec_memory_reservation_limit_bytes',
  'container_spec_memory_swap_limit_bytes',
  'container_start_time_seconds',
  'container_threads',
  'container_threads_max',
  'container_ulimits_soft',
];

const labels = {
  id: '/kubepods/pod1/one',
  name: 'c0ffee',
  image: 'nginx:1',
  container: 'nginx',
  pod: 'web',
  namespace: 'shop',
  handler: 'crun',
};

const sample: ContainerSample = {
  at: 1_700_000_123_900_000_000n,
  record: {
    createdAt: 1_700_000_000_000_000_000n,
    startedAt: 1_700_000_001_000_000_000n,
    resources: {
      cpuPeriodUs: 100_000,
      cpuQuotaUs: 20_000,
      cpuShares: 1_024,
      memoryLimitBytes: 64,
      memorySwapLimitBytes: 128,
    },
  },
  cgroup: cgroupStats(),
  memory: {
    activeFile: 1,
    inactiveFile: 2,
    activeAnonymous: 3,
    inactiveAnonymous: 4,
    anonymousHugepages: 5,
    sharedHugepages: 6,
    fileHugepages: 7,
    ownPageFaults: 800,
    ownMajorPageFaults: 8,
  },
  io: (cgroupStats().io ?? []).map((one) => ({ ...one, device: '/dev/sda' })),
  processes: { processes: 4, threads: 11, descriptors: { files: 30, sockets: 5 }, openFilesLimit: 1_024 },
  layer: { bytes: 4_096, inodes: 3 },
  filesystem: { device: '/dev/vda1', totalBytes: 1e12, totalInodes: 500, freeInodes: 400 },
};

const render = (changes: Partial<ContainerSample>, version: 'v1' | 'v2' = 'v2') =>
  renderMetrics(containerMetrics(version), { ...sample, ...changes }, labels, sample.at);

const valueOf = (name: string, changes: Partial<ContainerSample> = {}, ...further: readonly string[]) =>
  render(changes).find(
    (metric) =>
      metric.name === name && metric.labelValues.slice(BASE_LABELS.length).join() === further.join(),
  )?.value?.value;

describe('the tables of metrics', () => {
  const rows = [...containerMetrics('v2'), ...podMetrics];

  it('describe all that is expected, each once, with help and labels', () => {
    const descriptors = rows.map(describeMetric);
    const names = descriptors.map(({ name }) => name);
    expect(EXPECTED.filter((name) => !names.includes(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
    expect(descriptors.filter(({ help, labelKeys }) => help === '' || labelKeys.length === 0)).toEqual([]);
  });

  it('give a full sample of every metric, with as many labels as are described', () => {
    const interfaces = [interfaceStatistics('eth0', 100)];
    const metrics = [...render({}), ...renderMetrics(podMetrics, { interfaces }, labels, sample.at)];
    for (const { name, labelKeys } of rows.map(describeMetric)) {
      const found = metrics.filter((metric) => metric.name === name);
      expect(found.length, name).toBeGreaterThan(0);
      expect(
        found.map(({ labelValues }) => labelValues.length),
        name,
      ).toEqual(found.map(() => labelKeys.length));
      expect(
        found.every(({ value }) => value !== undefined),
        name,
      ).toBe(true);
    }
  });

  it('do not describe on v1 what v1 can’t count and nobody expects', () => {
    const names = containerMetrics('v1').map(({ name }) => name);
    expect(names.filter((name) => name.includes('_thp_'))).toEqual([]);
    expect(names).toContain('container_threads');
  });

  const values: [string, bigint, ...string[]][] = [
    ['container_cpu_usage_seconds_total', 7n, 'total'],
    ['container_cpu_cfs_throttled_seconds_total', 1n],
    ['container_memory_working_set_bytes', 8_000n],
    ['container_memory_failures_total', 800n, 'pgfault', 'container'],
    ['container_memory_failures_total', 900n, 'pgfault', 'hierarchy'],
    ['container_memory_failures_total', 9n, 'pgmajfault', 'hierarchy'],
    ['container_memory_shmem_thp_bytes', 6n],
    ['container_hugetlb_usage_bytes', 4_096n, '2MB'],
    ['container_fs_usage_bytes', 4_096n, '/dev/vda1'],
    ['container_fs_inodes_free', 400n, '/dev/vda1'],
    ['container_fs_writes_bytes_total', 22n, '/dev/sda'],
    ['container_fs_reads_total', 1n, '/dev/sda'],
    ['container_blkio_device_usage_total', 33n, '/dev/sda', '8', '0', 'Discard'],
    ['container_processes', 4n],
    ['container_threads', 12n],
    ['container_threads_max', 100n],
    ['container_file_descriptors', 30n],
    ['container_sockets', 5n],
    ['container_ulimits_soft', 1_024n, 'max_open_files'],
    ['container_spec_cpu_quota', 20_000n],
    ['container_spec_memory_reservation_limit_bytes', 5_000n],
    ['container_start_time_seconds', 1_700_000_001n],
    ['container_last_seen', 1_700_000_123n],
    ['container_oom_events_total', 1n],
    ['container_pressure_cpu_waiting_seconds_total', 8n],
    ['container_pressure_io_stalled_seconds_total', 2n],
  ];
  it.each(values)('%s is %s', (name, expected, ...further) => {
    expect(valueOf(name, {}, ...further)).toBe(expected);
  });

  it('counters and gauges are told apart, and samples carry their time', () => {
    const [counter] = render({}).filter(({ name }) => name === 'container_cpu_user_seconds_total');
    expect(counter).toEqual({
      name: 'container_cpu_user_seconds_total',
      timestamp: sample.at,
      metricType: MetricType.COUNTER,
      labelValues: ['/kubepods/pod1/one', 'c0ffee', 'nginx:1', 'nginx', 'web', 'shop', 'crun'],
      value: { value: 5n },
    });
    expect(render({}).find(({ name }) => name === 'container_memory_rss')?.metricType).toBe(MetricType.GAUGE);
  });
});

describe('what is unknown has no sample', () => {
  it('a container of which the host sees no cgroup keeps what the records tell', () => {
    const metrics = render({
      cgroup: undefined,
      memory: undefined,
      io: [],
      processes: undefined,
      layer: undefined,
    });
    expect(new Set(metrics.map(({ name }) => name))).toEqual(
      new Set([
        'container_spec_cpu_period',
        'container_spec_cpu_quota',
        'container_spec_cpu_shares',
        'container_spec_memory_limit_bytes',
        'container_spec_memory_swap_limit_bytes',
        'container_start_time_seconds',
        'container_last_seen',
      ]),
    );
  });

  it('pressure without the kernel’s, swap without accounting', () => {
    const cgroup = cgroupStats({ ...withoutPressure, memory: { swapUsage: undefined } });
    const names = render({ cgroup }).map(({ name }) => name);
    expect(names.filter((name) => name.includes('pressure') || name === 'container_memory_swap')).toEqual([]);
  });

  it('no limit of threads is zero, but only if the kernel could limit them', () => {
    const unlimited = cgroupStats({ pids: { limit: undefined } });
    const uncounted = cgroupStats({ pids: { limit: undefined, current: undefined } });
    expect(valueOf('container_threads_max', { cgroup: unlimited })).toBe(0n);
    expect(valueOf('container_threads_max', { cgroup: uncounted })).toBeUndefined();
    expect(valueOf('container_threads', { cgroup: uncounted })).toBe(11n);
  });

  it('a container without limits: zero for memory, none for the CPU’s', () => {
    const record = { createdAt: 1_000_000_000n, resources: { cpuQuotaUs: -1, memoryLimitBytes: -1 } };
    expect(valueOf('container_spec_memory_limit_bytes', { record })).toBe(0n);
    expect(valueOf('container_spec_cpu_quota', { record })).toBeUndefined();
    expect(valueOf('container_spec_cpu_shares', { record })).toBeUndefined();
    expect(valueOf('container_start_time_seconds', { record })).toBe(1n);
  });
});
