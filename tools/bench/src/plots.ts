import { barPlot } from './bar-plot.ts';
import { type Row, ratioTo } from './report.ts';

/** The medians: rates and times, large and small, don't share an axis. */
export const medianPlots = (subjects: readonly string[], rows: readonly Row[]): readonly string[] =>
  [...Map.groupBy(rows, ({ unit }) => unit)].map(([unit, group]) =>
    barPlot({
      axis: unit,
      subjects,
      groups: group.map(({ measurement, samples }) => ({
        label: measurement,
        values: samples.map((one) => one?.percentile(0.5)),
      })),
    }),
  );

/** All ratios to the first subject's medians: what is as much as the first has no bar; less goes to the left. */
export function ratioPlots(subjects: readonly string[], rows: readonly Row[]): readonly string[] {
  const comparable = rows.filter(({ samples }) => samples.filter((one) => one !== undefined).length > 1);
  const reference = subjects[0];
  if (reference === undefined || subjects.length < 2 || comparable.length === 0) return [];
  const groups = comparable.map(({ measurement, unit, samples }) => ({
    label: `${measurement} (${unit})`,
    // The first keeps its place, and with it every subject its colour.
    values: samples.map((one, index) => (index === 0 ? undefined : ratioTo(samples[0], one))),
  }));
  return [barPlot({ axis: `ratio to ${reference}`, subjects, groups, origin: 1 })];
}
