import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { describeError, type Logger } from '@crihub/kernel';
import { parse, stringify } from './json.ts';
import { matchId } from './id-index.ts';

/**
 * The records of one kind: a copy in memory that answers all questions, and a row each in the database.
 * A write goes to the database first; if that fails, memory keeps the old value and the caller hears it.
 */
export class RecordTable<Id extends string, Row extends { readonly id: Id }> {
  readonly #rows = new Map<Id, Row>();
  /** Ids by key. Records that came from elsewhere than `put` could share one; the latest has it. */
  readonly #byKey = new Map<string, Id>();
  readonly #keyOf: (row: Row) => string;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #load: StatementSync;

  /** `keyOf`: what no two records share beside the id; it never changes for a record. */
  constructor(database: DatabaseSync, table: 'sandboxes' | 'containers', keyOf: (row: Row) => string) {
    this.#keyOf = keyOf;
    this.#put = database.prepare(`INSERT OR REPLACE INTO ${table} VALUES (?, ?)`);
    this.#delete = database.prepare(`DELETE FROM ${table} WHERE id = ?`);
    this.#load = database.prepare(`SELECT id, body FROM ${table}`);
  }

  /** Reads all rows; one that can't be read is logged and left in the database, never fatal. */
  load(logger: Logger): void {
    for (const { id, body } of this.#load.iterate()) {
      try {
        const row = parse(String(body)) as Row;
        this.#remember(row);
      } catch (error) {
        logger.error('a record is unreadable and is ignored', { record: id, error: describeError(error) });
      }
    }
  }

  get size(): number {
    return this.#rows.size;
  }

  get(id: Id): Row | undefined {
    return this.#rows.get(id);
  }

  /** The record with this id, or with the only id that begins so. */
  find(idOrPrefix: string): Row | undefined {
    const id = matchId(this.#rows, idOrPrefix);
    return id === undefined ? undefined : this.#rows.get(id);
  }

  withKey(key: string): Row | undefined {
    const id = this.#byKey.get(key);
    return id === undefined ? undefined : this.#rows.get(id);
  }

  all(): MapIterator<Row> {
    return this.#rows.values();
  }

  put(row: Row): Row {
    this.#put.run(row.id, stringify(row));
    this.#remember(row);
    return row;
  }

  delete(id: Id): void {
    this.#delete.run(id);
    const row = this.#rows.get(id);
    this.#rows.delete(id);
    if (row === undefined) return;
    const key = this.#keyOf(row);
    if (this.#byKey.get(key) === id) this.#byKey.delete(key);
  }

  #remember(row: Row): void {
    this.#rows.set(row.id, row);
    this.#byKey.set(this.#keyOf(row), row.id);
  }
}
