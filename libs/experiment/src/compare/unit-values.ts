import type { Phase } from '@crihub/contract';
import { median } from 'simple-statistics';
import type { FootprintMetric, Metric } from './metric.ts';
import type { TrialData, TrialFootprint } from './trial-data.ts';

/** Values by arm and unit; one per pod of the unit. */
export type UnitValues = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;

/** How long a phase took: for each pod the median of those that succeeded. */
export function phaseValues(data: TrialData, phase: Phase): UnitValues {
  const measured = data.measurements.filter(
    (measurement) => measurement.phase === phase && measurement.failure === undefined,
  );
  return byUnit(
    data,
    Map.groupBy(measured, ({ pod }) => pod),
    (ofPod) => median(ofPod.map(({ seconds }) => seconds)),
  );
}

interface FootprintValues {
  readonly metric: Metric & { readonly name: FootprintMetric };
  readonly values: UnitValues;
}

/** Memory: the median of a pod's samples, in bytes. CPU: time used between its first and last one, in cores. */
export function footprintValues(data: TrialData): readonly FootprintValues[] {
  const byPod = Map.groupBy(data.footprints, ({ pod }) => pod);
  const memory = (name: FootprintMetric, of: (footprint: TrialFootprint) => number): FootprintValues => ({
    metric: { name, unit: 'bytes' },
    values: byUnit(data, byPod, (samples) => median(samples.map(of))),
  });
  const cpu = (name: FootprintMetric, of: (footprint: TrialFootprint) => number): FootprintValues => ({
    metric: { name, unit: 'cores' },
    values: byUnit(data, byPod, (samples) => cores(samples, of)),
  });
  return [
    memory('overhead_memory', ({ overheadMemoryBytes }) => overheadMemoryBytes),
    memory('workload_memory', ({ workloadMemoryBytes }) => workloadMemoryBytes),
    cpu('overhead_cpu', ({ overheadCpuSeconds }) => overheadCpuSeconds),
    cpu('workload_cpu', ({ workloadCpuSeconds }) => workloadCpuSeconds),
  ];
}

/** Undefined with one sample: there is no time between. */
function cores(
  samples: readonly TrialFootprint[],
  of: (footprint: TrialFootprint) => number,
): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.at <= first.at) return undefined;
  return Math.max(0, ((of(last) - of(first)) * 1000) / (last.at - first.at));
}

function byUnit<T>(
  { pods }: TrialData,
  byPod: ReadonlyMap<string, readonly T[]>,
  valueOf: (ofPod: readonly T[]) => number | undefined,
): UnitValues {
  const arms = new Map<string, Map<string, number[]>>();
  for (const { pod, arm, unit } of pods) {
    const ofPod = byPod.get(pod);
    const value = ofPod && valueOf(ofPod);
    if (arm === undefined || value === undefined) continue;
    const units = arms.get(arm) ?? new Map<string, number[]>();
    arms.set(arm, units.set(unit, [...(units.get(unit) ?? []), value]));
  }
  return arms;
}
