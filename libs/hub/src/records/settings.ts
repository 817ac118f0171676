import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** `podCidr` is the kubelet's; `drained` the names of the handlers that an operator has drained. */
export type SettingName = 'podCidr' | 'drained';

/** Values that were given once and outlive a restart. */
export class Settings {
  readonly #get: StatementSync;
  readonly #set: StatementSync;

  constructor(database: DatabaseSync) {
    this.#get = database.prepare('SELECT value FROM settings WHERE key = ?');
    this.#set = database.prepare('INSERT OR REPLACE INTO settings VALUES (?, ?)');
  }

  get(key: SettingName): string | undefined {
    const value = this.#get.get(key)?.['value'];
    return typeof value === 'string' ? value : undefined;
  }

  set(key: SettingName, value: string): void {
    this.#set.run(key, value);
  }
}
