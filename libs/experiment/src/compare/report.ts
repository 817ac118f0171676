import { type Phase, PHASES } from '@crihub/contract';
import { median } from 'simple-statistics';
import type { Metric } from './metric.ts';
import { medianDifference, type MedianDifference } from './median-difference.ts';
import { rankTest } from './rank-test.ts';
import { summarise, type Summary } from './summary.ts';
import type { TrialData } from './trial-data.ts';
import { footprintValues, phaseValues, type UnitValues } from './unit-values.ts';

/** Fewer units than this in an arm are too few to compare it. */
export const LEAST_UNITS = 20;

/** One arm, as it did. */
export interface ArmReport {
  readonly arm: string;
  readonly pods: number;
  readonly units: number;
  /** Pods of which some phase other than exec failed. */
  readonly failedPods: number;
  /** Failures by phase and kind of error, most frequent first. */
  readonly failures: readonly { readonly phase: Phase; readonly kind: string; readonly count: number }[];
}

/** One metric of one arm: a value per unit, being the median of those of its pods. */
export interface ArmFigures {
  readonly arm: string;
  /** Absent if nothing was measured. */
  readonly summary?: Summary;
  /** Sorted. */
  readonly values: readonly number[];
  /** Absent for the first arm, and where nothing was measured. */
  readonly comparison?: Comparison;
}

/** How an arm differs from the first one. */
export type Comparison =
  | { readonly verdict: 'tooFewSamples'; readonly needed: number; readonly smallest: number }
  | ({ readonly verdict: 'compared'; readonly p: number } & MedianDifference);

export interface MetricReport {
  readonly metric: Metric;
  readonly arms: readonly ArmFigures[];
}

/** Why pods took no part. */
export interface ExclusionReport {
  readonly handler: string;
  readonly reason: string;
  /** A pod with several reasons counts with each. */
  readonly pods: number;
}

export interface Report {
  readonly experiment: string;
  /** ms since 1970; absent without pods. */
  readonly from?: number;
  readonly to?: number;
  readonly pods: number;
  readonly excludedPods: number;
  readonly exclusions: readonly ExclusionReport[];
  readonly arms: readonly ArmReport[];
  /** Those that were measured, in the order of a pod's life. */
  readonly metrics: readonly MetricReport[];
}

/** Compares the arms of an experiment. The same data give the same report. */
export function makeReport(data: TrialData): Report {
  const times = data.pods.map(({ at }) => at);
  const period = times.length === 0 ? {} : { from: smallest(times), to: -smallest(times.map((at) => -at)) };
  return {
    experiment: data.experiment,
    ...period,
    pods: data.pods.length,
    excludedPods: data.pods.filter(({ arm }) => arm === undefined).length,
    exclusions: exclusionsOf(data),
    arms: data.arms.map((arm) => armReport(data, arm)),
    metrics: metricsOf(data),
  };
}

function exclusionsOf({ pods }: TrialData): readonly ExclusionReport[] {
  const reasons = pods.flatMap(({ exclusions }) => exclusions);
  const groups = Map.groupBy(reasons, ({ handler, reason }) => `${handler}\n${reason}`);
  return [...groups.values()]
    .flatMap(([first, ...more]) => (first === undefined ? [] : [{ ...first, pods: more.length + 1 }]))
    .toSorted((one, other) => other.pods - one.pods);
}

function armReport(data: TrialData, arm: string): ArmReport {
  const pods = data.pods.filter((pod) => pod.arm === arm);
  const ids = new Set(pods.map(({ pod }) => pod));
  const failed = data.measurements.filter(({ pod, failure }) => failure !== undefined && ids.has(pod));
  const groups = Map.groupBy(failed, ({ phase, failure }) => `${phase}\n${failure ?? ''}`);
  return {
    arm,
    pods: pods.length,
    units: new Set(pods.map(({ unit }) => unit)).size,
    failedPods: new Set(failed.filter(({ phase }) => phase !== 'exec').map(({ pod }) => pod)).size,
    failures: [...groups.values()]
      .flatMap(([first, ...more]) =>
        first?.failure === undefined
          ? []
          : [{ phase: first.phase, kind: first.failure, count: more.length + 1 }],
      )
      .toSorted((one, other) => other.count - one.count),
  };
}

function metricsOf(data: TrialData): readonly MetricReport[] {
  const phases = PHASES.map((name) => ({
    metric: { name, unit: 'seconds' } as const,
    values: phaseValues(data, name),
  }));
  return [...phases, ...footprintValues(data)]
    .filter(({ values }) => values.size > 0)
    .map(({ metric, values }) => ({ metric, arms: figures(data.arms, values) }));
}

function figures(arms: readonly string[], values: UnitValues): readonly ArmFigures[] {
  const of = (arm: string): readonly number[] =>
    [...(values.get(arm)?.values() ?? [])].map((pods) => median([...pods])).toSorted((a, b) => a - b);
  const control = of(arms[0] ?? '');
  return arms.map((arm, index) => {
    const sample = of(arm);
    if (sample.length === 0) return { arm, values: sample };
    const summary = summarise(sample);
    if (index === 0) return { arm, values: sample, summary };
    return { arm, values: sample, summary, comparison: compare(sample, control) };
  });
}

function compare(sample: readonly number[], control: readonly number[]): Comparison {
  const least = Math.min(sample.length, control.length);
  if (least < LEAST_UNITS) return { verdict: 'tooFewSamples', needed: LEAST_UNITS, smallest: least };
  return { verdict: 'compared', p: rankTest(sample, control), ...medianDifference(sample, control) };
}

const smallest = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Infinity);
