import { mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kindOf, silentLogger } from '@crihub/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from './database.ts';
import { parse, stringify } from './json.ts';
import { matchId } from './id-index.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crihub-records-'));
});
afterEach(async () => await rm(directory, { recursive: true, force: true }));

describe('the state database', () => {
  it('keeps what was written', async () => {
    const first = await openDatabase(directory, silentLogger);
    first.database.exec("INSERT INTO settings VALUES ('podCidr', '10.0.0.0/24')");
    first.database.close();
    const { database, rebuilt } = await openDatabase(directory, silentLogger);
    expect(rebuilt).toBe(false);
    expect(database.prepare('SELECT value FROM settings').get()).toEqual({ value: '10.0.0.0/24' });
    database.close();
  });

  it.each([
    ['rubbish', Buffer.alloc(8192, 'x')],
    ['a damaged page', undefined],
  ])('sets %s aside and begins anew', async (_case, content) => {
    const file = join(directory, 'crihub.db');
    if (content === undefined) await damage(file);
    else await writeFile(file, content);
    const { database, rebuilt } = await openDatabase(directory, silentLogger);
    database.close();
    expect(rebuilt).toBe(true);
    expect((await readdir(directory)).some((name) => name.startsWith('crihub.db.damaged-'))).toBe(true);
  });

  it('refuses one of a newer crihub, and says what to do', async () => {
    const { database } = await openDatabase(directory, silentLogger);
    database.exec("UPDATE meta SET value = 999 WHERE key = 'schema'");
    database.close();
    const opening = openDatabase(directory, silentLogger);
    await expect(opening).rejects.toThrow(/schema 999.*start the newer crihub again/);
    expect(await opening.catch(kindOf)).toBe('FailedPrecondition');
  });

  it('refuses a place where it can not be', async () => {
    await expect(openDatabase(join(directory, 'missing'), silentLogger)).rejects.toThrow(/can't be used/);
  });

  /** A database whose header is right and whose pages are not. */
  async function damage(file: string): Promise<void> {
    const { database } = await openDatabase(directory, silentLogger);
    for (let row = 0; row < 500; row += 1) {
      database.prepare('INSERT INTO sandboxes VALUES (?, ?)').run(String(row), 'x'.repeat(500));
    }
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    await using handle = await open(file, 'r+');
    for (let page = 2; page < 40; page += 1)
      await handle.write(Buffer.alloc(4000, 0xff), 0, 4000, page * 4096);
  }
});

describe('the JSON of records', () => {
  it('keeps 64-bit integers', () => {
    const value = { at: 1_700_000_000_123_456_789n, list: [1, 2n], text: '5n' };
    expect(parse(stringify(value))).toEqual(value);
  });
});

describe('ids', () => {
  const ids = new Map([
    ['aa11'.padEnd(64, '0'), 1],
    ['aa22'.padEnd(64, '0'), 2],
  ]);
  it.each([
    ['the whole id', 'aa11'.padEnd(64, '0'), 'aa11'.padEnd(64, '0')],
    ['a unique prefix', 'aa1', 'aa11'.padEnd(64, '0')],
    ['nothing for no prefix', 'bb', undefined],
    ['nothing for a single digit', 'a', undefined],
    ['nothing for the empty text', '', undefined],
  ])('match %s', (_case, text, expected) => {
    expect(matchId(ids, text)).toBe(expected);
  });

  it('do not match an ambiguous prefix', () => {
    expect(() => matchId(ids, 'aa')).toThrow(/ambiguous/);
  });
});
