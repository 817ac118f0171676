import { type MetricRow, seconds, type Value } from './metric.ts';
import type { ContainerSample } from './samples.ts';

/** What the container was promised, and when it began. Zero is "no limit", as in cAdvisor. */
export const specMetrics: readonly MetricRow<ContainerSample>[] = [
  {
    name: 'container_spec_cpu_period',
    help: 'CPU period of the container.',
    type: 'gauge',
    read: ({ record }) => record.resources.cpuPeriodUs,
  },
  {
    name: 'container_spec_cpu_quota',
    help: 'CPU quota of the container.',
    type: 'gauge',
    read: ({ record }) => positive(record.resources.cpuQuotaUs),
  },
  {
    name: 'container_spec_cpu_shares',
    help: 'CPU share of the container.',
    type: 'gauge',
    read: ({ record }) => record.resources.cpuShares,
  },
  {
    name: 'container_spec_memory_limit_bytes',
    help: 'Memory limit for the container in bytes.',
    type: 'gauge',
    read: ({ record }) => positive(record.resources.memoryLimitBytes) ?? 0,
  },
  {
    name: 'container_spec_memory_reservation_limit_bytes',
    help: 'Memory reservation limit for the container.',
    type: 'gauge',
    read: ({ cgroup }) => (cgroup?.memory.usage === undefined ? undefined : (cgroup.memory.reservation ?? 0)),
  },
  {
    name: 'container_spec_memory_swap_limit_bytes',
    help: 'Memory swap limit for the container.',
    type: 'gauge',
    read: ({ record }) => positive(record.resources.memorySwapLimitBytes) ?? 0,
  },
  {
    name: 'container_start_time_seconds',
    help: 'Start time of the container since unix epoch in seconds.',
    type: 'gauge',
    read: ({ record }) => seconds(record.startedAt ?? record.createdAt),
  },
  {
    name: 'container_last_seen',
    help: 'Last time a container was seen by the exporter',
    type: 'gauge',
    read: ({ at }) => seconds(at),
  },
];

const positive = (limit: number | undefined): Value => (limit !== undefined && limit > 0 ? limit : undefined);
