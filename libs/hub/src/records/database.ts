import { access, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describeError, type Logger, RuntimeError } from '@crihub/kernel';
import { migrate } from './migrations.ts';

const FILE = 'crihub.db';

export interface OpenedDatabase {
  readonly database: DatabaseSync;
  /** True if an unreadable database was set aside, and the records must come from the backends. */
  readonly rebuilt: boolean;
}

/**
 * Opens the state database. A damaged one is renamed and an empty one made in its place.
 * @throws FailedPrecondition if it is of a newer version, or can't be written.
 */
export async function openDatabase(directory: string, logger: Logger): Promise<OpenedDatabase> {
  const file = join(directory, FILE);
  try {
    return { database: openFile(file), rebuilt: false };
  } catch (error) {
    if (!isDamage(error)) throw unusable(file, error);
    const aside = `${file}.damaged-${String(Date.now())}`;
    logger.error('state database is damaged; it is set aside and rebuilt from the backends', {
      file,
      aside,
      error: describeError(error),
    });
    for (const suffix of ['', '-wal', '-shm']) await renameIfThere(`${file}${suffix}`, `${aside}${suffix}`);
    return { database: openFile(file), rebuilt: true };
  }
}

function openFile(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    // A process kill loses nothing in WAL mode; NORMAL syncs at checkpoints, so that a commit costs no fsync.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000');
    const check = database.prepare('PRAGMA quick_check(1)').get();
    if (check?.['quick_check'] !== 'ok') throw new DamagedDatabase(String(check?.['quick_check']));
    migrate(database);
    database.exec("UPDATE meta SET value = value WHERE key = 'schema'"); // fails if it is read-only
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

class DamagedDatabase extends Error {}

// SQLITE_CORRUPT and SQLITE_NOTADB: https://www.sqlite.org/rescode.html
const DAMAGE_CODES = new Set([11, 26]);

const isDamage = (error: unknown): boolean =>
  error instanceof DamagedDatabase ||
  (error instanceof Error && 'errcode' in error && DAMAGE_CODES.has(Number(error.errcode) & 0xff));

function unusable(file: string, cause: unknown): RuntimeError {
  if (cause instanceof RuntimeError) return cause;
  return new RuntimeError(
    'FailedPrecondition',
    `state database ${file} can't be used (${describeError(cause)}); check its permissions and the free space of its disk`,
    { cause },
  );
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await access(from);
  } catch {
    return; // no such file: nothing to set aside
  }
  await rename(from, to);
}
