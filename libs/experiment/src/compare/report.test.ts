import { describe, expect, it } from 'vitest';
import { makeReport } from './report.ts';
import type { TrialData, TrialMeasurement, TrialPod } from './trial-data.ts';

const pod = (arm: string | undefined, index: number, unit = `default/${String(index)}`): TrialPod => ({
  pod: `${arm ?? 'none'}-${String(index)}`,
  at: 1_000 + index,
  unit,
  ...(arm === undefined ? {} : { arm }),
  exclusions: arm === undefined ? [{ handler: 'docker', reason: 'Unhealthy' }] : [],
});

const took = (of: TrialPod, seconds: number, failure?: string): TrialMeasurement => ({
  pod: of.pod,
  phase: 'sandbox_create',
  seconds,
  ...(failure === undefined ? {} : { failure }),
});

const trial = (pods: readonly TrialPod[], measurements: readonly TrialMeasurement[]): TrialData => ({
  experiment: 'trial',
  arms: ['runc', 'docker'],
  pods,
  measurements,
  footprints: [],
});

const count = (n: number): number[] => Array.from({ length: n }, (_, index) => index);
const create = (report: ReturnType<typeof makeReport>): (typeof report)['metrics'][number]['arms'] =>
  report.metrics.find(({ metric }) => metric.name === 'sandbox_create')?.arms ?? [];

describe('the report', () => {
  it('finds a difference that is there, with an interval around it', () => {
    const runc = count(40).map((index) => pod('runc', index));
    const docker = count(40).map((index) => pod('docker', index));
    const [, second] = create(
      makeReport(
        trial(
          [...runc, ...docker],
          [
            ...runc.map((one, i) => took(one, 1 + i / 100)),
            ...docker.map((one, i) => took(one, 3 + i / 100)),
          ],
        ),
      ),
    );
    expect(second?.comparison).toMatchObject({ verdict: 'compared' });
    if (second?.comparison?.verdict !== 'compared') return;
    const { difference, low, high, p } = second.comparison;
    expect(difference).toBeCloseTo(2);
    expect(low).toBeGreaterThan(1.8);
    expect(high).toBeLessThan(2.2);
    expect(p).toBeLessThan(0.001);
  });

  it('covers the true difference of medians in about 95 of 100 trials', () => {
    let state = 1;
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const covered = count(60).filter(() => {
      const runc = count(40).map((index) => pod('runc', index));
      const docker = count(40).map((index) => pod('docker', index));
      const times = [...runc.map((one) => took(one, random())), ...docker.map((one) => took(one, random()))];
      const comparison = create(makeReport(trial([...runc, ...docker], times)))[1]?.comparison;
      return comparison?.verdict === 'compared' && comparison.low <= 0 && comparison.high >= 0;
    });
    expect(covered.length).toBeGreaterThanOrEqual(52);
  });

  it('says so when there are too few', () => {
    const pods = [...count(40).map((i) => pod('runc', i)), ...count(19).map((i) => pod('docker', i))];
    const report = makeReport(
      trial(
        pods,
        pods.map((one) => took(one, 1)),
      ),
    );
    expect(create(report)[1]?.comparison).toEqual({ verdict: 'tooFewSamples', needed: 20, smallest: 19 });
  });

  it('counts a unit once, whatever the number of its pods', () => {
    const pods = count(100).map((index) => pod('runc', index, 'default/web'));
    const report = makeReport(
      trial(
        pods,
        pods.map((one, index) => took(one, index)),
      ),
    );
    expect(report.arms[0]).toMatchObject({ pods: 100, units: 1 });
    expect(create(report)[0]?.values).toEqual([49.5]);
  });

  it('tells who was excluded, and why', () => {
    const report = makeReport(trial([pod('runc', 1), pod(undefined, 2), pod(undefined, 3)], []));
    expect(report).toMatchObject({ pods: 3, excludedPods: 2 });
    expect(report.exclusions).toEqual([{ handler: 'docker', reason: 'Unhealthy', pods: 2 }]);
  });

  it('keeps failures out of the times, and counts them by class', () => {
    const pods = count(4).map((index) => pod('runc', index));
    const [first, second, ...rest] = pods;
    const report = makeReport(
      trial(pods, [
        ...(first === undefined ? [] : [took(first, 30, 'DeadlineExceeded')]),
        ...(second === undefined ? [] : [took(second, 31, 'DeadlineExceeded')]),
        ...rest.map((one) => took(one, 1)),
      ]),
    );
    expect(report.arms[0]).toMatchObject({
      failedPods: 2,
      failures: [{ phase: 'sandbox_create', kind: 'DeadlineExceeded', count: 2 }],
    });
    expect(create(report)[0]?.summary).toMatchObject({ count: 2, max: 1 });
  });

  it('gives memory as the median of the samples and CPU as the use between them', () => {
    const one = pod('runc', 1);
    const footprint = (at: number, memory: number, cpu: number) => ({
      ...{ pod: one.pod, at, overheadMemoryBytes: memory, overheadCpuSeconds: cpu },
      ...{ workloadMemoryBytes: 2 * memory, workloadCpuSeconds: 2 * cpu },
    });
    const report = makeReport({
      ...trial([one], []),
      footprints: [footprint(1_000, 10, 1), footprint(6_000, 20, 2), footprint(11_000, 30, 3)],
    });
    const values = new Map(report.metrics.map(({ metric, arms }) => [metric.name, arms[0]?.values]));
    expect(values.get('overhead_memory')).toEqual([20]);
    expect(values.get('overhead_cpu')).toEqual([0.2]);
    expect(values.get('workload_cpu')).toEqual([0.4]);
  });

  it('is the same for the same data', () => {
    const pods = count(60).map((index) => pod(index % 2 === 0 ? 'runc' : 'docker', index));
    const data = trial(
      pods,
      pods.map((one, index) => took(one, (index * 37) % 11)),
    );
    expect(makeReport(data)).toEqual(makeReport(data));
  });
});
