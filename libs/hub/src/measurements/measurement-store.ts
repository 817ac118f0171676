import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Exclusion, TrialFootprint, TrialMeasurement, TrialPod } from '@crihub/experiment/compare';
import type { PhaseMeasurement } from '../lifecycle/phases.ts';

/** How much is kept; what is older, or more, is dropped. */
export interface Retention {
  readonly days: number;
  /** Of measurements, and a tenth of it of pods and of footprints. */
  readonly rows: number;
}

/** A pod that takes part in an experiment, or was excluded from it. */
export interface TrialEntry extends TrialPod {
  readonly experiment: string;
}

/** Which pods: those of an experiment, or those named. */
export type Selection = { readonly experiment: string } | { readonly pods: readonly string[] };

const DAY_MS = 86_400_000;

/** The measurements in the database. They outlive their pods; times are in ms since 1970. */
export class MeasurementStore {
  readonly #database: DatabaseSync;
  readonly #addPhase: StatementSync;
  readonly #addPod: StatementSync;
  readonly #addFootprint: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#addPhase = database.prepare(
      'INSERT INTO measurements (at, pod, container, handler, phase, seconds, failure) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#addPod = database.prepare('INSERT OR REPLACE INTO trial_pods VALUES (?, ?, ?, ?, ?, ?)');
    this.#addFootprint = database.prepare(
      'INSERT INTO footprints (at, pod, overhead_memory, overhead_cpu, workload_memory, workload_cpu) VALUES (?, ?, ?, ?, ?, ?)',
    );
  }

  addPhase(at: number, { pod, container, handler, phase, seconds, failure }: PhaseMeasurement): void {
    this.#addPhase.run(at, pod, container ?? null, handler, phase, seconds, failure ?? null);
  }

  addPod({ pod, experiment, at, unit, arm, exclusions }: TrialEntry): void {
    this.#addPod.run(
      pod,
      experiment,
      at,
      unit,
      arm ?? null,
      JSON.stringify(exclusions.map(({ handler, reason }) => ({ handler, reason }))),
    );
  }

  addFootprint(row: TrialFootprint): void {
    const { at, pod, overheadMemoryBytes, overheadCpuSeconds, workloadMemoryBytes, workloadCpuSeconds } = row;
    this.#addFootprint.run(
      ...[at, pod, overheadMemoryBytes, overheadCpuSeconds, workloadMemoryBytes, workloadCpuSeconds],
    );
  }

  /** Experiments that pods came to, by name, with the arms that they were given. */
  experiments(): ReadonlyMap<string, ReadonlyMap<string, number>> {
    const found = new Map<string, Map<string, number>>();
    const rows = this.#database.prepare(
      "SELECT experiment, coalesce(arm, '') AS arm, count(*) AS pods FROM trial_pods GROUP BY 1, 2 ORDER BY min(at)",
    );
    for (const { experiment, arm, pods } of rows.iterate()) {
      const arms = found.get(String(experiment)) ?? new Map<string, number>();
      found.set(String(experiment), arms.set(String(arm), Number(pods)));
    }
    return found;
  }

  *pods(selection: Selection): Generator<TrialPod> {
    for (const row of this.#select('trial_pods', '*', selection, 'at')) {
      yield {
        ...{ pod: String(row['pod']), at: Number(row['at']), unit: String(row['unit']) },
        ...(typeof row['arm'] === 'string' ? { arm: row['arm'] } : {}),
        exclusions: JSON.parse(String(row['exclusions'])) as readonly Exclusion[],
      };
    }
  }

  *phases(selection: Selection): Generator<TrialMeasurement> {
    for (const row of this.#select('measurements', 'pod, phase, seconds, failure', selection, 'id')) {
      yield {
        pod: String(row['pod']),
        phase: row['phase'] as TrialMeasurement['phase'],
        seconds: Number(row['seconds']),
        ...(typeof row['failure'] === 'string' ? { failure: row['failure'] } : {}),
      };
    }
  }

  *footprints(selection: Selection): Generator<TrialFootprint> {
    for (const row of this.#select('footprints', '*', selection, 'id')) {
      yield {
        pod: String(row['pod']),
        at: Number(row['at']),
        overheadMemoryBytes: Number(row['overhead_memory']),
        overheadCpuSeconds: Number(row['overhead_cpu']),
        workloadMemoryBytes: Number(row['workload_memory']),
        workloadCpuSeconds: Number(row['workload_cpu']),
      };
    }
  }

  /** Drops what need not be kept any longer. */
  prune(now: number, { days, rows }: Retention): void {
    const oldest = now - days * DAY_MS;
    const fewer = Math.ceil(rows / 10);
    for (const [table, limit] of [
      ['measurements', rows],
      ['footprints', fewer],
    ] as const) {
      this.#database
        .prepare(`DELETE FROM ${table} WHERE at < ? OR id <= (SELECT max(id) FROM ${table}) - ?`)
        .run(oldest, limit);
    }
    this.#database
      .prepare(
        'DELETE FROM trial_pods WHERE at < ? OR pod IN (SELECT pod FROM trial_pods ORDER BY at DESC LIMIT -1 OFFSET ?)',
      )
      .run(oldest, fewer);
  }

  #select(
    table: string,
    columns: string,
    selection: Selection,
    order: string,
  ): Iterable<Record<string, unknown>> {
    const [condition, value] =
      'pods' in selection
        ? ['pod IN (SELECT value FROM json_each(?))', JSON.stringify(selection.pods)]
        : ['pod IN (SELECT pod FROM trial_pods WHERE experiment = ?)', selection.experiment];
    return this.#database
      .prepare(`SELECT ${columns} FROM ${table} WHERE ${condition} ORDER BY ${order}`)
      .iterate(value);
  }
}
