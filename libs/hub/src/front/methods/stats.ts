import type { MetricDescriptor } from '@crihub/wire/cri';
import type { Records } from '../../records/records.ts';
import type { PodMetrics } from '../../stats/metrics/pod-metrics.ts';
import type { StatsCollector } from '../../stats/stats-collector.ts';
import { filterContainers, filterSandboxes } from '../lists/filters.ts';
import type { CriHandlers } from '../server/index.ts';

export interface StatsMethodDeps {
  readonly records: Records;
  readonly collector: StatsCollector;
  readonly metrics: PodMetrics;
}

type StatsMethods = Pick<
  CriHandlers['runtime'],
  | 'ContainerStats'
  | 'ListContainerStats'
  | 'StreamContainerStats'
  | 'PodSandboxStats'
  | 'ListPodSandboxStats'
  | 'StreamPodSandboxStats'
  | 'ListMetricDescriptors'
  | 'ListPodSandboxMetrics'
  | 'StreamPodSandboxMetrics'
>;

/** Pods or containers that are measured for one message of a streamed answer. */
const CHUNK = 100;

/** The RPCs about what pods and containers use. */
export function statsMethods({ records, collector, metrics }: StatsMethodDeps): StatsMethods {
  const descriptors: readonly MetricDescriptor[] = metrics.descriptors();
  return {
    ContainerStats: async ({ containerId }, { signal }) => ({
      stats: await collector.container(records.visibleContainer(containerId), signal),
    }),
    ListContainerStats: async ({ filter }, { signal }) => ({
      stats: await collector.containers(filterContainers(records, filter), signal),
    }),
    StreamContainerStats: async function* ({ filter }, { signal }) {
      for (const chunk of chunks(filterContainers(records, filter))) {
        yield { containerStats: await collector.containers(chunk, signal) };
      }
    },
    PodSandboxStats: async ({ podSandboxId }, { signal }) => ({
      stats: await collector.pod(records.visibleSandbox(podSandboxId), signal),
    }),
    ListPodSandboxStats: async ({ filter }, { signal }) => ({
      stats: await collector.pods(filterSandboxes(records, filter), signal),
    }),
    StreamPodSandboxStats: async function* ({ filter }, { signal }) {
      for (const chunk of chunks(filterSandboxes(records, filter))) {
        yield { podSandboxStats: await collector.pods(chunk, signal) };
      }
    },
    ListMetricDescriptors: async () => ({ descriptors }),
    ListPodSandboxMetrics: async (_request, { signal }) => ({
      podMetrics: await metrics.pods(filterSandboxes(records, undefined), signal),
    }),
    StreamPodSandboxMetrics: async function* (_request, { signal }) {
      for (const chunk of chunks(filterSandboxes(records, undefined))) {
        yield { podSandboxMetrics: await metrics.pods(chunk, signal) };
      }
    },
  };
}

function* chunks<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  for (let start = 0; start < rows.length; start += CHUNK) yield rows.slice(start, start + CHUNK);
}
