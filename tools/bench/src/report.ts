import Table from 'cli-table3';
import type { HeldPods } from './held-pods.ts';
import type { Subject } from './subject.ts';

export interface BenchResult {
  readonly subject: Subject;
  readonly held: HeldPods;
}

const MIB = 1024 * 1024;
const style = { head: [], border: [] };

/** Tables of times and of memory; ratios are to the first subject's median. */
export function formatReport(results: readonly BenchResult[]): string {
  return `${timesTable(results)}\n${memoryTable(results)}`;
}

/** The same figures for programs: ms and bytes. */
export const reportJson = (results: readonly BenchResult[]): unknown =>
  results.map(({ subject, held }) => ({
    subject: subject.name,
    held,
    operations: Object.fromEntries(
      subject.recorder.operations.map((operation) => {
        const samples = subject.recorder.of(operation);
        return [
          operation,
          { count: samples.count, p50: samples.percentile(0.5), p99: samples.percentile(0.99) },
        ];
      }),
    ),
  }));

function timesTable(results: readonly BenchResult[]): string {
  const [reference] = results;
  const table = new Table({
    head: ['ms, p50 / p99 (ratio)', ...results.map(({ subject }) => subject.name)],
    style,
  });
  for (const operation of reference?.subject.recorder.operations ?? [])
    table.push([
      operation,
      ...results.map(({ subject }) => {
        const samples = subject.recorder.of(operation);
        const ratio =
          samples.percentile(0.5) / (reference?.subject.recorder.of(operation).percentile(0.5) ?? 1);
        const figures = `${samples.percentile(0.5).toFixed(1)} / ${samples.percentile(0.99).toFixed(1)}`;
        return subject === reference?.subject ? figures : `${figures} (${ratio.toFixed(2)})`;
      }),
    ]);
  return table.toString();
}

function memoryTable(results: readonly BenchResult[]): string {
  const table = new Table({ head: ['MiB', ...results.map(({ subject }) => subject.name)], style });
  const row = (name: string, value: (held: HeldPods) => number): void =>
    void table.push([name, ...results.map(({ held }) => (value(held) / MIB).toFixed(1))]);
  const pods = String(results[0]?.held.pods ?? 0);
  row('daemon, idle (RSS)', (held) => held.idleResidentBytes);
  row(`daemon, ${pods} pods (RSS)`, (held) => held.residentBytes);
  row('monitors and shims, per pod (RSS)', (held) => held.monitors.residentBytes / held.pods);
  row('monitors and shims, per pod (PSS)', (held) => held.monitors.proportionalBytes / held.pods);
  return table.toString();
}
