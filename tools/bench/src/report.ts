import Table from 'cli-table3';
import type { Recorder, Samples } from './samples.ts';

/** What one suite found, the subjects in the order of the columns. */
export interface SuiteResult {
  readonly suite: string;
  readonly about: string;
  readonly subjects: readonly { readonly name: string; readonly recorder: Recorder }[];
}

/** One measurement of all subjects that have it. */
export interface Row {
  readonly measurement: string;
  readonly unit: string;
  /** How many samples the subject with most of them has. */
  readonly count: number;
  /** In the order of the subjects; undefined for those that have no samples. */
  readonly samples: readonly (Samples | undefined)[];
}

const style = { head: [], border: [] };

/** The measurements of a suite, in the order in which they first came. */
export function rowsOf({ subjects }: SuiteResult): readonly Row[] {
  const names = new Set(subjects.flatMap(({ recorder }) => recorder.operations));
  return [...names].map((measurement) => {
    const samples = subjects.map(({ recorder }) =>
      recorder.operations.includes(measurement) ? recorder.of(measurement) : undefined,
    );
    const unit = samples.find((one) => one !== undefined)?.unit ?? 'ms';
    return { measurement, unit, count: Math.max(...samples.map((one) => one?.count ?? 0)), samples };
  });
}

/** One table for each suite; ratios are to the first subject's median. */
export const formatReport = (results: readonly SuiteResult[]): string =>
  results.map((result) => `${result.suite}: ${result.about}\n${tableOf(result)}`).join('\n\n');

function tableOf(result: SuiteResult): string {
  const head = ['p50 / p99 (ratio)', 'samples', 'unit', ...result.subjects.map(({ name }) => name)];
  const table = new Table({ head, style });
  for (const { measurement, unit, count, samples } of rowsOf(result))
    table.push([
      measurement,
      count,
      unit,
      ...samples.map((one, index) => cell(one, index === 0 ? undefined : samples[0])),
    ]);
  return table.toString();
}

/** How a median compares with another; undefined where there is none to compare with. */
export const ratioTo = (reference: Samples | undefined, one: Samples | undefined): number | undefined =>
  reference === undefined || one === undefined ? undefined : one.percentile(0.5) / reference.percentile(0.5);

/** Of a single sample there are no percentiles. */
export function cell(samples: Samples | undefined, reference: Samples | undefined): string {
  if (samples === undefined) return '';
  const [p50, p99] = [samples.percentile(0.5), samples.percentile(0.99)];
  const figures = samples.count === 1 ? p50.toFixed(1) : `${p50.toFixed(1)} / ${p99.toFixed(1)}`;
  const ratio = ratioTo(reference, samples);
  return ratio === undefined ? figures : `${figures} (${ratio.toFixed(2)})`;
}

/** The same figures for programs. */
export const reportJson = (results: readonly SuiteResult[]): unknown =>
  results.map((result) => ({
    suite: result.suite,
    measurements: rowsOf(result).map(({ measurement, unit, samples }) => ({
      measurement,
      unit,
      subjects: result.subjects.flatMap(({ name }, index) => {
        const one = samples[index];
        if (one === undefined) return [];
        const [p50, p99] = [one.percentile(0.5), one.percentile(0.99)];
        return [{ name, count: one.count, p50, p99, ratio: ratioTo(samples[0], one) }];
      }),
    })),
  }));
