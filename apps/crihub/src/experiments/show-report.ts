import { writeFile } from 'node:fs/promises';
import { makeReport, type MetricReport, type Report } from '@crihub/experiment/compare';
import { formatComparison, formatValue, percent, renderPage, titleOf } from '@crihub/experiment/render';
import type { Context } from '../context.ts';
import type { Column } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { readTrial } from './read-trial.ts';
import { findExperiment } from './show-experiment.ts';

export interface ReportOptions {
  /** A file for the page. */
  readonly html?: string;
}

/** `crihub experiment report` */
export async function showReport(context: Context, name: string, options: ReportOptions): Promise<void> {
  const data = await context.withNode(async (node) => readTrial(node, await findExperiment(node, name)));
  await printReport(context.terminal(), makeReport(data), options);
}

/** As a table or JSON, or as a page to a file. */
export async function printReport(
  terminal: Terminal,
  report: Report,
  { html }: ReportOptions,
): Promise<void> {
  if (html !== undefined) {
    await writeFile(html, renderPage(report));
    await terminal.remark(`wrote ${html}`);
  }
  if (terminal.format === 'json') await terminal.print(JSON.stringify(report, null, 2));
  else if (html === undefined) await printTables(terminal, report);
}

async function printTables(terminal: Terminal, report: Report): Promise<void> {
  const { experiment, pods, excludedPods, exclusions, arms, metrics } = report;
  await terminal.print(`${experiment}: ${String(pods)} pods, of which ${String(excludedPods)} took no part`);
  for (const { handler, reason, pods: count } of exclusions)
    await terminal.print(`  ${handler}: ${reason}: ${String(count)}`);
  await terminal.print('');
  await terminal.showRows(arms, ARM_COLUMNS, 'it has no arms');
  await terminal.print('');
  await terminal.showRows(metrics.flatMap(rowsOf), metricColumns(arms[0]?.arm ?? ''), 'nothing was measured');
}

const ARM_COLUMNS: readonly Column<Report['arms'][number]>[] = [
  { head: 'ARM', cell: ({ arm }) => arm },
  { head: 'PODS', cell: ({ pods }) => String(pods) },
  { head: 'UNITS', cell: ({ units }) => String(units) },
  { head: 'FAILED', cell: ({ failedPods, pods }) => `${String(failedPods)} (${percent(failedPods, pods)})` },
  {
    head: 'FAILURES',
    cell: ({ failures }) =>
      failures.map(({ phase, kind, count }) => `${phase}: ${kind} × ${String(count)}`).join(', '),
  },
];

interface Row {
  readonly metric: MetricReport['metric'];
  readonly figures: MetricReport['arms'][number];
  readonly first: boolean;
}

const rowsOf = ({ metric, arms }: MetricReport): readonly Row[] =>
  arms.map((figures, index) => ({ metric, figures, first: index === 0 }));

function metricColumns(control: string): readonly Column<Row>[] {
  const quantile =
    (name: 'p50' | 'p90' | 'p99') =>
    ({ metric, figures: { summary } }: Row): string =>
      summary === undefined ? '' : formatValue(summary[name], metric.unit);
  return [
    { head: 'PHASE', cell: ({ metric, first }) => (first ? titleOf(metric.name).title : ' ') },
    { head: 'ARM', cell: ({ figures }) => figures.arm },
    { head: 'N', cell: ({ figures }) => String(figures.summary?.count ?? 0) },
    { head: 'P50', cell: quantile('p50') },
    { head: 'P90', cell: quantile('p90') },
    { head: 'P99', cell: quantile('p99') },
    {
      head: `DIFFERENCE TO ${control} (95 %)`,
      cell: ({ metric, figures, first }) => (first ? '' : formatComparison(figures.comparison, metric.unit)),
    },
  ];
}
