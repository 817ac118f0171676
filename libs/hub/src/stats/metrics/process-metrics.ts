import type { MetricRow } from './metric.ts';
import type { ContainerSample } from './samples.ts';

export const processMetrics: readonly MetricRow<ContainerSample>[] = [
  {
    name: 'container_processes',
    help: 'Number of processes running inside the container.',
    type: 'gauge',
    read: ({ cgroup, processes }) => processes?.processes ?? cgroup?.processes,
  },
  {
    name: 'container_threads',
    help: 'Number of threads running inside the container',
    type: 'gauge',
    read: ({ cgroup, processes }) => cgroup?.pids.current ?? processes?.threads,
  },
  {
    name: 'container_threads_max',
    help: 'Maximum number of threads allowed inside the container, infinity if value is zero',
    type: 'gauge',
    // Only where the controller that could limit them exists does "no limit" mean infinity.
    read: ({ cgroup }) => (cgroup?.pids.current === undefined ? undefined : (cgroup.pids.limit ?? 0)),
  },
  {
    name: 'container_file_descriptors',
    help: 'Number of open file descriptors for the container.',
    type: 'gauge',
    read: ({ processes }) => processes?.descriptors?.files,
  },
  {
    name: 'container_sockets',
    help: 'Number of open sockets for the container.',
    type: 'gauge',
    read: ({ processes }) => processes?.descriptors?.sockets,
  },
  {
    name: 'container_ulimits_soft',
    help: 'Soft ulimit values for the container root process. Unlimited if -1, except priority and nice',
    type: 'gauge',
    labels: ['ulimit'],
    readAll: ({ processes }) => [{ labels: ['max_open_files'], value: processes?.openFilesLimit }],
  },
];
