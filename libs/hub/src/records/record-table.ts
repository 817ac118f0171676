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
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #load: StatementSync;

  constructor(database: DatabaseSync, table: 'sandboxes' | 'containers') {
    this.#put = database.prepare(`INSERT OR REPLACE INTO ${table} VALUES (?, ?)`);
    this.#delete = database.prepare(`DELETE FROM ${table} WHERE id = ?`);
    this.#load = database.prepare(`SELECT id, body FROM ${table}`);
  }

  /** Reads all rows; one that can't be read is logged and left in the database, never fatal. */
  load(logger: Logger): void {
    for (const { id, body } of this.#load.iterate()) {
      try {
        const row = parse(String(body)) as Row;
        this.#rows.set(row.id, row);
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

  all(): MapIterator<Row> {
    return this.#rows.values();
  }

  put(row: Row): Row {
    this.#put.run(row.id, stringify(row));
    this.#rows.set(row.id, row);
    return row;
  }

  delete(id: Id): void {
    this.#delete.run(id);
    this.#rows.delete(id);
  }
}
