import type { DatabaseSync } from 'node:sqlite';
import { RuntimeError } from '@crihub/kernel';

/** Each step takes the schema from its index to the next version; a step is never changed once released. */
const STEPS: readonly string[] = [
  `CREATE TABLE sandboxes (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE containers (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;`,
  `CREATE TABLE measurements (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, pod TEXT NOT NULL, container TEXT,
     handler TEXT NOT NULL, phase TEXT NOT NULL, seconds REAL NOT NULL, failure TEXT);
   CREATE INDEX measurements_pod ON measurements (pod);
   CREATE TABLE footprints (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, pod TEXT NOT NULL,
     overhead_memory INTEGER NOT NULL, overhead_cpu REAL NOT NULL,
     workload_memory INTEGER NOT NULL, workload_cpu REAL NOT NULL);
   CREATE INDEX footprints_pod ON footprints (pod);
   CREATE TABLE trial_pods (pod TEXT PRIMARY KEY, experiment TEXT NOT NULL, at INTEGER NOT NULL,
     unit TEXT NOT NULL, arm TEXT, exclusions TEXT NOT NULL) WITHOUT ROWID;
   CREATE INDEX trial_pods_experiment ON trial_pods (experiment, at);`,
  `CREATE INDEX trial_pods_at ON trial_pods (at);
   CREATE INDEX trial_pods_arm ON trial_pods (experiment, arm, at);`,
];

/** Brings the schema up to date. @throws FailedPrecondition if a newer crihub wrote it. */
export function migrate(database: DatabaseSync): void {
  database.exec(
    'CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID',
  );
  const row = database.prepare("SELECT value FROM meta WHERE key = 'schema'").get();
  const found = Number(row?.['value'] ?? 0);
  if (found > STEPS.length) {
    throw new RuntimeError(
      'FailedPrecondition',
      `the state database has schema ${String(found)}, but this crihub knows ${String(STEPS.length)} at most: ` +
        'start the newer crihub again, or empty the state directory after draining the node',
    );
  }
  for (let version = found; version < STEPS.length; version += 1) {
    database.exec(`BEGIN IMMEDIATE; ${STEPS[version] ?? ''}
      INSERT OR REPLACE INTO meta VALUES ('schema', ${String(version + 1)}); COMMIT`);
  }
}
