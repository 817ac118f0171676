import { mkdtemp, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newSandboxId } from '@crihub/kernel';
import { RecordingLogger } from '@crihub/kernel/testing';
import { describe, expect, it } from 'vitest';
import type { PhaseMeasurement } from '../lifecycle/phases.ts';
import { openDatabase } from '../records/database.ts';
import { migrate } from '../records/migrations.ts';
import { MeasurementJournal } from './measurement-journal.ts';
import { MeasurementStore } from './measurement-store.ts';

const DAY = 86_400_000;

function open(): { readonly database: DatabaseSync; readonly store: MeasurementStore } {
  const database = new DatabaseSync(':memory:');
  migrate(database);
  return { database, store: new MeasurementStore(database) };
}

const network: PhaseMeasurement = { handler: 'runc', pod: newSandboxId(), phase: 'network', seconds: 0.5 };
const footprint = {
  ...{ pod: network.pod, at: 1, overheadMemoryBytes: 10, overheadCpuSeconds: 0.5 },
  ...{ workloadMemoryBytes: 20, workloadCpuSeconds: 1.5 },
};

describe('the measurements', () => {
  it('come back as they were written, by experiment', () => {
    const { store } = open();
    const entry = { pod: network.pod, experiment: 'trial', at: 7, unit: 'default/web', arm: 'runc' };
    store.addPod({ ...entry, exclusions: [] });
    store.addPhase(8, network);
    store.addPhase(9, { ...network, phase: 'exec', failure: 'Internal' });
    store.addPhase(9, { ...network, pod: newSandboxId() });
    store.addFootprint(footprint);
    expect([...store.pods('trial')]).toEqual([
      { pod: network.pod, at: 7, unit: 'default/web', arm: 'runc', exclusions: [] },
    ]);
    expect([...store.phases('trial')]).toEqual([
      { pod: network.pod, phase: 'network', seconds: 0.5 },
      { pod: network.pod, phase: 'exec', seconds: 0.5, failure: 'Internal' },
    ]);
    expect([...store.footprints('trial')]).toEqual([footprint]);
    expect([...store.phases('another')]).toEqual([]);
  });

  it('count the pods of each arm, and those without one', () => {
    const { store } = open();
    const entry = { experiment: 'trial', at: 1, unit: 'u' };
    store.addPod({ ...entry, pod: 'a', arm: 'runc', exclusions: [] });
    store.addPod({ ...entry, pod: 'b', arm: 'runc', exclusions: [] });
    store.addPod({ ...entry, pod: 'c', exclusions: [{ handler: 'docker', reason: 'Unhealthy' }] });
    const arms = new Map([
      ['runc', 2],
      ['', 1],
    ]);
    expect(store.experiments()).toEqual(new Map([['trial', arms]]));
    expect([...store.pods('trial')][2]).toMatchObject({
      exclusions: [{ handler: 'docker', reason: 'Unhealthy' }],
    });
  });

  it('are dropped when they are old, and the oldest when there are too many', () => {
    const { database, store } = open();
    const add = (at: number): void => {
      store.addPhase(at, { ...network, seconds: at / DAY });
      store.addPod({ pod: `p${String(at)}`, experiment: 'trial', at, unit: 'u', exclusions: [] });
    };
    for (let day = 1; day <= 40; day += 1) add(day * DAY);
    store.prune(40 * DAY, { days: 30, rows: 1_000 });
    const days = (): number[] =>
      database
        .prepare('SELECT seconds FROM measurements ORDER BY id')
        .all()
        .map(({ seconds }) => Number(seconds));
    expect([days().at(0), days().at(-1), days().length]).toEqual([10, 40, 31]);
    store.prune(40 * DAY, { days: 30, rows: 20 });
    expect([days().at(0), days().length]).toEqual([21, 20]);
    expect([...store.pods('trial')].map(({ at }) => at / DAY)).toEqual([39, 40]);
  });

  it('are dropped in bites, and the journal goes on until there is no more to drop', () => {
    const { database, store } = open();
    const count = (): unknown => database.prepare('SELECT count(*) AS n FROM measurements').get()?.['n'];
    for (let index = 0; index < 2_500; index += 1) store.addPhase(1, network);
    const retention = { days: 1, rows: 10_000 };
    expect([store.prune(3 * DAY, retention), count()]).toEqual([true, 1_500]);
    const journal = new MeasurementJournal(retention, {
      ...{ store, observer: { observe: () => undefined }, logger: new RecordingLogger() },
      clock: { nowNs: () => BigInt(3 * DAY) * 1_000_000n },
    });
    journal.observe(network);
    journal.observe(network);
    expect(count()).toBe(2);
  });

  it.each(['pods', 'phases', 'footprints'] as const)(
    'give the first of many %s without sorting all',
    (what) => {
      const { database, store } = open();
      const statements: string[] = [];
      const prepare = database.prepare.bind(database);
      database.prepare = (sql) => {
        statements.push(sql);
        return prepare(sql);
      };
      expect([...store[what]('trial')]).toEqual([]);
      const plan = statements.flatMap((sql) => prepare(`EXPLAIN QUERY PLAN ${sql}`).all('trial'));
      expect(plan).not.toEqual([]);
      expect(plan.map(({ detail }) => detail)).not.toContain('USE TEMP B-TREE FOR ORDER BY');
    },
  );
});

it('brings a database of the first version up to date', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'crihub-migrate-'));
  const old = new DatabaseSync(join(directory, 'crihub.db'));
  old.exec(`CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE sandboxes (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE containers (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    INSERT INTO meta VALUES ('schema', 1); INSERT INTO settings VALUES ('podCidr', '10.0.0.0/8')`);
  old.close();
  const { database, rebuilt } = await openDatabase(directory, new RecordingLogger());
  expect(rebuilt).toBe(false);
  new MeasurementStore(database).addPhase(1, network);
  expect(database.prepare('SELECT value FROM settings').get()).toEqual({ value: '10.0.0.0/8' });
  database.close();
  await rm(directory, { recursive: true });
});

it('loses what can not be written, says so once, and fails nobody', () => {
  const { database, store } = open();
  const logger = new RecordingLogger();
  const observed: PhaseMeasurement[] = [];
  const journal = new MeasurementJournal(
    { days: 1, rows: 100 },
    {
      store,
      observer: { observe: (measurement) => observed.push(measurement) },
      clock: { nowNs: () => 1n },
      logger,
    },
  );
  database.exec('DROP TABLE measurements');
  journal.observe(network);
  journal.observe(network);
  expect(observed).toHaveLength(2);
  expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
});
