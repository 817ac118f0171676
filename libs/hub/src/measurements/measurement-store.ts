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

const DAY_MS = 86_400_000;
/** Rows that one call of `prune` drops of a table at most: the daemon waits for it. */
const BITE = 1_000;

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
      "SELECT experiment, coalesce(arm, '') AS armOrNone, count(*) AS pods FROM trial_pods GROUP BY experiment, arm ORDER BY min(at)",
    );
    for (const { experiment, armOrNone, pods } of rows.iterate()) {
      const arms = found.get(String(experiment)) ?? new Map<string, number>();
      found.set(String(experiment), arms.set(String(armOrNone), Number(pods)));
    }
    return found;
  }

  *pods(experiment: string): Generator<TrialPod> {
    const rows = this.#database.prepare('SELECT * FROM trial_pods WHERE experiment = ? ORDER BY at');
    for (const row of rows.iterate(experiment)) {
      yield {
        ...{ pod: String(row['pod']), at: Number(row['at']), unit: String(row['unit']) },
        ...(typeof row['arm'] === 'string' ? { arm: row['arm'] } : {}),
        exclusions: JSON.parse(String(row['exclusions'])) as readonly Exclusion[],
      };
    }
  }

  *phases(experiment: string): Generator<TrialMeasurement> {
    for (const row of this.#select('measurements', 'pod, phase, seconds, failure', experiment)) {
      yield {
        pod: String(row['pod']),
        phase: row['phase'] as TrialMeasurement['phase'],
        seconds: Number(row['seconds']),
        ...(typeof row['failure'] === 'string' ? { failure: row['failure'] } : {}),
      };
    }
  }

  *footprints(experiment: string): Generator<TrialFootprint> {
    for (const row of this.#select('footprints', '*', experiment)) {
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

  /** Drops some of what need not be kept any longer. @returns whether there may be more of it. */
  prune(now: number, { days, rows }: Retention): boolean {
    const oldest = now - days * DAY_MS;
    const fewer = Math.ceil(rows / 10);
    return [
      this.#pruneTable('measurements', oldest, rows),
      this.#pruneTable('footprints', oldest, fewer),
      this.#prunePods(oldest, fewer),
    ].some((dropped) => dropped >= BITE);
  }

  /** Looks at the first rows alone, since rows come in the order of time. */
  #pruneTable(table: string, oldest: number, limit: number): number {
    const { changes } = this.#database
      .prepare(
        `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} ORDER BY id LIMIT ${String(BITE)})
           AND (at < ? OR id <= (SELECT max(id) FROM ${table}) - ?)`,
      )
      .run(oldest, limit);
    return Number(changes);
  }

  #prunePods(oldest: number, limit: number): number {
    const count = Number(this.#database.prepare('SELECT count(*) AS pods FROM trial_pods').get()?.['pods']);
    const { changes } = this.#database
      .prepare(
        `DELETE FROM trial_pods WHERE pod IN (SELECT pod FROM trial_pods ORDER BY at LIMIT ?)
           OR pod IN (SELECT pod FROM trial_pods WHERE at < ? ORDER BY at LIMIT ${String(BITE)})`,
      )
      .run(Math.min(BITE, Math.max(0, count - limit)), oldest);
    return Number(changes);
  }

  /** Those of one pod in the order in which they came. The indices are used so that no long list is sorted. */
  #select(
    table: 'measurements' | 'footprints',
    columns: string,
    experiment: string,
  ): Iterable<Record<string, unknown>> {
    return this.#database
      .prepare(
        `SELECT ${columns} FROM (SELECT pod, at AS since FROM trial_pods WHERE experiment = ?)
           CROSS JOIN ${table} USING (pod) ORDER BY since, pod, id`,
      )
      .iterate(experiment);
  }
}
