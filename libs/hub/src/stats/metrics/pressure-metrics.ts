import type { CgroupStats, PressureLine } from '@crihub/linux';
import { type PlainMetric, seconds } from './metric.ts';
import type { ContainerSample } from './samples.ts';

/** Pressure stall information, which v1 has none of. */
export const pressureMetrics: readonly PlainMetric<ContainerSample>[] = (
  [
    ['cpu', 'CPU'],
    ['memory', 'memory'],
    ['io', 'IO'],
  ] as const
).flatMap(([resource, name]) => [
  pressureMetric(
    `container_pressure_${resource}_stalled_seconds_total`,
    `Total time duration no tasks in the container could make progress due to ${name} congestion.`,
    (pressure) => pressure[resource]?.full,
  ),
  pressureMetric(
    `container_pressure_${resource}_waiting_seconds_total`,
    `Total time duration tasks in the container have waited due to ${name} congestion.`,
    (pressure) => pressure[resource]?.some,
  ),
]);

function pressureMetric(
  name: string,
  help: string,
  line: (pressure: CgroupStats['pressure']) => PressureLine | undefined,
): PlainMetric<ContainerSample> {
  return {
    name,
    help,
    type: 'counter',
    read: ({ cgroup }) => (cgroup === undefined ? undefined : seconds(line(cgroup.pressure)?.totalNs)),
  };
}
