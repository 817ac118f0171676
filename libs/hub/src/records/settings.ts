import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Values that the kubelet gave once and that outlive a restart, such as the pod CIDR. */
export class Settings {
  readonly #get: StatementSync;
  readonly #set: StatementSync;

  constructor(database: DatabaseSync) {
    this.#get = database.prepare('SELECT value FROM settings WHERE key = ?');
    this.#set = database.prepare('INSERT OR REPLACE INTO settings VALUES (?, ?)');
  }

  get(key: 'podCidr'): string | undefined {
    const value = this.#get.get(key)?.['value'];
    return typeof value === 'string' ? value : undefined;
  }

  set(key: 'podCidr', value: string): void {
    this.#set.run(key, value);
  }
}
