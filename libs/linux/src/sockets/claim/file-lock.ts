import { DatabaseSync } from 'node:sqlite';
import { errnoCode, RuntimeError } from '@crihub/kernel';

/**
 * A file that one process holds at a time. The kernel gives it back when the process ends in whatever way,
 * so that it is never stale. The lock is SQLite's, since Node has no call for one; the database stays
 * empty.
 */
export class FileLock implements Disposable {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /**
   * Takes the lock at once; blocks for the time of one file access, so only for start-up.
   * @returns undefined if it is held already, by this process or another.
   * @throws FailedPrecondition if the file can't be made.
   */
  static acquire(path: string): FileLock | undefined {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path, { timeout: 0 });
      // Without a journal on disk, the lock is one file.
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      return new FileLock(database);
    } catch (cause) {
      database?.close();
      if (isBusy(cause)) return undefined;
      throw new RuntimeError('FailedPrecondition', `can't lock ${path}`, { cause });
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

const SQLITE_BUSY = 5;

const isBusy = (error: unknown): boolean =>
  errnoCode(error) === 'ERR_SQLITE_ERROR' && (error as { readonly errcode?: number }).errcode === SQLITE_BUSY;
