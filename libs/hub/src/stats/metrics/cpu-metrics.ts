import { type MetricRow, seconds } from './metric.ts';
import type { ContainerSample } from './samples.ts';

export const cpuMetrics: readonly MetricRow<ContainerSample>[] = [
  {
    name: 'container_cpu_user_seconds_total',
    help: 'Cumulative user CPU time consumed in seconds.',
    type: 'counter',
    read: ({ cgroup }) => seconds(cgroup?.cpu.userNs),
  },
  {
    name: 'container_cpu_system_seconds_total',
    help: 'Cumulative system CPU time consumed in seconds.',
    type: 'counter',
    read: ({ cgroup }) => seconds(cgroup?.cpu.systemNs),
  },
  {
    name: 'container_cpu_usage_seconds_total',
    help: 'Cumulative CPU time consumed in seconds.',
    type: 'counter',
    labels: ['cpu'],
    readAll: ({ cgroup }) => [{ labels: ['total'], value: seconds(cgroup?.cpu.usageNs) }],
  },
  {
    name: 'container_cpu_cfs_periods_total',
    help: 'Number of elapsed enforcement period intervals.',
    type: 'counter',
    read: ({ cgroup }) => cgroup?.cpu.periods,
  },
  {
    name: 'container_cpu_cfs_throttled_periods_total',
    help: 'Number of throttled period intervals.',
    type: 'counter',
    read: ({ cgroup }) => cgroup?.cpu.throttledPeriods,
  },
  {
    name: 'container_cpu_cfs_throttled_seconds_total',
    help: 'Total time duration the container has been throttled.',
    type: 'counter',
    read: ({ cgroup }) => seconds(cgroup?.cpu.throttledNs),
  },
];
