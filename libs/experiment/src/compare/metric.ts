import type { Phase } from '@crihub/contract';

/** Something that is compared, by name, in its unit. */
export interface Metric {
  readonly name: Phase | FootprintMetric;
  readonly unit: 'seconds' | 'bytes' | 'cores';
}

export type FootprintMetric = 'overhead_memory' | 'overhead_cpu' | 'workload_memory' | 'workload_cpu';
