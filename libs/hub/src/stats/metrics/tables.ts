import { cpuMetrics } from './cpu-metrics.ts';
import { deviceMetrics, filesystemMetrics } from './filesystem-metrics.ts';
import {
  hugepageMemoryMetrics,
  hugetlbMetrics,
  memoryDetailMetrics,
  memoryMetrics,
} from './memory-metrics.ts';
import type { MetricRow } from './metric.ts';
import { networkMetrics } from './network-metrics.ts';
import { pressureMetrics } from './pressure-metrics.ts';
import { processMetrics } from './process-metrics.ts';
import type { ContainerSample, PodSample } from './samples.ts';
import { specMetrics } from './spec-metrics.ts';

/** All metrics of containers on a node with these cgroups. */
export const containerMetrics = (version: 'v1' | 'v2'): readonly MetricRow<ContainerSample>[] => [
  ...cpuMetrics,
  ...memoryMetrics,
  ...memoryDetailMetrics,
  ...(version === 'v2' ? hugepageMemoryMetrics : []),
  ...hugetlbMetrics,
  ...filesystemMetrics,
  ...deviceMetrics,
  ...processMetrics,
  ...specMetrics,
  ...pressureMetrics,
];

/** All metrics of pods. */
export const podMetrics: readonly MetricRow<PodSample>[] = networkMetrics;
