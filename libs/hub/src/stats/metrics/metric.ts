import { type Metric, type MetricDescriptor, MetricType } from '@crihub/wire/cri';
import { figure } from '../usage.ts';

/** The wire knows whole numbers alone. */
export type Value = number | bigint | undefined;

interface MetricBase {
  readonly name: string;
  /** As the peers and cAdvisor have it, so that dashboards find what they know. */
  readonly help: string;
  readonly type: 'counter' | 'gauge';
}

/** A metric of one value; without it there is no sample. */
export interface PlainMetric<Sample> extends MetricBase {
  readonly read: (sample: Sample) => Value;
}

/** A metric of several values, told apart by further labels. */
export interface LabelledMetric<Sample> extends MetricBase {
  readonly labels: readonly string[];
  readonly readAll: (sample: Sample) => readonly LabelledValue[];
}

export interface LabelledValue {
  readonly labels: readonly string[];
  readonly value: Value;
}

/** One row of the tables of metrics. */
export type MetricRow<Sample> = PlainMetric<Sample> | LabelledMetric<Sample>;

/**
 * Labels that every metric has, as cAdvisor has them: `id` is the cgroup, `name` the id of the container or
 * pod. `handler` is ours: whose isolation it is.
 */
export const BASE_LABELS = ['id', 'name', 'image', 'container', 'pod', 'namespace', 'handler'] as const;

export type BaseLabels = Readonly<Record<(typeof BASE_LABELS)[number], string>>;

const TYPES = { counter: MetricType.COUNTER, gauge: MetricType.GAUGE } as const;

export const describeMetric = (row: MetricRow<never>): MetricDescriptor => ({
  name: row.name,
  help: row.help,
  labelKeys: [...BASE_LABELS, ...('labels' in row ? row.labels : [])],
});

/** All samples that the rows get from one measurement. */
export function renderMetrics<Sample>(
  rows: readonly MetricRow<Sample>[],
  sample: Sample,
  base: BaseLabels,
  timestamp: bigint,
): readonly Metric[] {
  const baseValues = BASE_LABELS.map((name) => base[name]);
  return rows.flatMap((row) => {
    const values = 'labels' in row ? row.readAll(sample) : [{ labels: [], value: row.read(sample) }];
    return values
      .filter(({ value }) => value !== undefined)
      .map(({ labels, value }) => ({
        name: row.name,
        timestamp,
        metricType: TYPES[row.type],
        labelValues: [...baseValues, ...labels],
        value: figure(value),
      }));
  });
}

/** Whole seconds, all that fits the wire. */
export const seconds = (nanoseconds: bigint | undefined): bigint | undefined =>
  nanoseconds === undefined ? undefined : nanoseconds / 1_000_000_000n;
