import type { MetricRow } from './metric.ts';
import type { ContainerSample } from './samples.ts';

export const memoryMetrics: readonly MetricRow<ContainerSample>[] = [
  {
    name: 'container_memory_cache',
    help: 'Number of bytes of page cache memory.',
    type: 'gauge',
    read: ({ cgroup }) => cgroup?.memory.cache,
  },
  {
    name: 'container_memory_rss',
    help: 'Size of RSS in bytes.',
    type: 'gauge',
    read: ({ cgroup }) => cgroup?.memory.rss,
  },
  {
    name: 'container_memory_kernel_usage',
    help: 'Size of kernel memory allocated in bytes.',
    type: 'gauge',
    read: ({ cgroup }) => cgroup?.memory.kernel,
  },
  {
    name: 'container_memory_mapped_file',
    help: 'Size of memory mapped files in bytes.',
    type: 'gauge',
    read: ({ cgroup }) => cgroup?.memory.mappedFile,
  },
  {
    name: 'container_memory_swap',
    help: 'Container swap usage in bytes.',
    type: 'gauge',
    read: ({ cgroup }) => cgroup?.memory.swapUsage,
  },
  {
    name: 'container_memory_failcnt',
    help: 'Number of memory usage hits limits',
    type: 'counter',
    read: ({ cgroup }) => cgroup?.memory.failures,
  },
  {
    name: 'container_memory_usage_bytes',
    help: 'Current memory usage in bytes, including all memory regardless of when it was accessed',
    type: 'gauge',
    read: ({ cgroup }) => cgroup?.memory.usage,
  },
  {
    name: 'container_memory_max_usage_bytes',
    help: 'Maximum memory usage recorded in bytes',
    type: 'gauge',
    read: ({ cgroup }) => cgroup?.memory.maxUsage,
  },
  {
    name: 'container_memory_working_set_bytes',
    help: 'Current working set in bytes.',
    type: 'gauge',
    read: ({ cgroup }) => cgroup?.memory.workingSet,
  },
  {
    name: 'container_memory_failures_total',
    help: 'Cumulative count of memory allocation failures.',
    type: 'counter',
    labels: ['failure_type', 'scope'],
    readAll: ({ cgroup, memory }) => [
      { labels: ['pgfault', 'container'], value: memory?.ownPageFaults },
      { labels: ['pgfault', 'hierarchy'], value: cgroup?.memory.pageFaults },
      { labels: ['pgmajfault', 'container'], value: memory?.ownMajorPageFaults },
      { labels: ['pgmajfault', 'hierarchy'], value: cgroup?.memory.majorPageFaults },
    ],
  },
  {
    name: 'container_oom_events_total',
    help: 'Count of out of memory events observed for the container',
    type: 'counter',
    read: ({ cgroup }) => cgroup?.memory.oomKills,
  },
];

/** What `memory.stat` tells beyond cAdvisor's set. */
export const memoryDetailMetrics: readonly MetricRow<ContainerSample>[] = [
  {
    name: 'container_memory_total_active_file_bytes',
    help: 'Current total active file in bytes.',
    type: 'gauge',
    read: ({ memory }) => memory?.activeFile,
  },
  {
    name: 'container_memory_total_inactive_file_bytes',
    help: 'Current total inactive file in bytes.',
    type: 'gauge',
    read: ({ memory }) => memory?.inactiveFile,
  },
  {
    name: 'container_memory_active_anon_bytes',
    help: 'Current active anonymous memory in bytes.',
    type: 'gauge',
    read: ({ memory }) => memory?.activeAnonymous,
  },
  {
    name: 'container_memory_inactive_anon_bytes',
    help: 'Current inactive anonymous memory in bytes.',
    type: 'gauge',
    read: ({ memory }) => memory?.inactiveAnonymous,
  },
];

/** What v1 does not count: without a possible sample these are not described there. */
export const hugepageMemoryMetrics: readonly MetricRow<ContainerSample>[] = [
  {
    name: 'container_memory_anon_thp_bytes',
    help: 'Amount of anonymous memory backed by transparent hugepages (THP) in bytes.',
    type: 'gauge',
    read: ({ memory }) => memory?.anonymousHugepages,
  },
  {
    name: 'container_memory_shmem_thp_bytes',
    help: 'Amount of shared memory backed by transparent hugepages (THP) in bytes.',
    type: 'gauge',
    read: ({ memory }) => memory?.sharedHugepages,
  },
  {
    name: 'container_memory_file_thp_bytes',
    help: 'Amount of file-backed memory backed by transparent hugepages (THP) in bytes.',
    type: 'gauge',
    read: ({ memory }) => memory?.fileHugepages,
  },
];

export const hugetlbMetrics: readonly MetricRow<ContainerSample>[] = [
  {
    name: 'container_hugetlb_usage_bytes',
    help: 'Current hugepage usage',
    type: 'gauge',
    labels: ['pagesize'],
    readAll: ({ cgroup }) =>
      (cgroup?.hugepages ?? []).map(({ pageSize, usageBytes }) => ({
        labels: [pageSize],
        value: usageBytes,
      })),
  },
  {
    name: 'container_hugetlb_max_usage_bytes',
    help: 'Maximum hugepage usages recorded',
    type: 'gauge',
    labels: ['pagesize'],
    readAll: ({ cgroup }) =>
      (cgroup?.hugepages ?? []).map(({ pageSize, maxUsageBytes }) => ({
        labels: [pageSize],
        value: maxUsageBytes,
      })),
  },
];
