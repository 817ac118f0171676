import Table from 'cli-table3';
import { formatCounts } from '@crihub/tool-setup';
import type { Outcome, SpecResult } from './report.ts';

const REASON_LENGTH = 160;

/** What failed and what was skipped, with the reason; nothing if all passed. */
export function formatResults(results: readonly SpecResult[]): string {
  const rows = results.filter(({ outcome }) => outcome !== 'passed');
  if (rows.length === 0) return '';
  const table = new Table({
    head: ['', 'spec', 'reason'],
    colWidths: [9, 70, 80],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const { spec, outcome, reason } of rows) table.push([outcome, spec, reason.slice(0, REASON_LENGTH)]);
  return table.toString();
}

/** The last line: `N passed, N failed, N skipped`. */
export function formatTotals(results: readonly SpecResult[]): string {
  const count = (wanted: Outcome): number => results.filter(({ outcome }) => outcome === wanted).length;
  return formatCounts({ passed: count('passed'), failed: count('failed'), skipped: count('skipped') });
}
