import { join } from 'node:path';
import { describeError, isFullId, type Logger } from '@crihub/kernel';
import type { z } from 'zod';
import type { Files } from '../execution/executor.ts';

export interface JsonRecordsOptions<Value> {
  readonly directory: string;
  readonly schema: z.ZodType<Value>;
}

/**
 * One small file for each record, and a copy of all in memory. A file is replaced as a whole, so a killed
 * daemon finds the old or the new one; it is not synced to disk, since a power failure ends the
 * containers too.
 */
export class JsonRecords<Id extends string, Value> {
  readonly #directory: string;
  readonly #schema: z.ZodType<Value>;
  readonly #files: Files;
  readonly #logger: Logger;
  readonly #values = new Map<Id, Value>();

  constructor(
    { directory, schema }: JsonRecordsOptions<Value>,
    { files, logger }: { readonly files: Files; readonly logger: Logger },
  ) {
    this.#directory = directory;
    this.#schema = schema;
    this.#files = files;
    this.#logger = logger;
  }

  /** Reads all records. One that can't be understood is logged and left where it is. */
  async load(): Promise<void> {
    const names = await this.#files.list(this.#directory);
    await Promise.all(
      names
        .filter((name) => name.endsWith('.json'))
        .map((name) => this.#loadOne(name.slice(0, -'.json'.length))),
    );
  }

  get(id: Id): Value | undefined {
    return this.#values.get(id);
  }

  entries(): readonly (readonly [Id, Value])[] {
    return [...this.#values];
  }

  async write(id: Id, value: Value): Promise<void> {
    await this.#files.write(this.#path(id), JSON.stringify(value));
    this.#values.set(id, value);
  }

  async remove(id: Id): Promise<void> {
    await this.#files.remove(this.#path(id));
    this.#values.delete(id);
  }

  #path(id: string): string {
    return join(this.#directory, `${id}.json`);
  }

  async #loadOne(id: string): Promise<void> {
    if (!isFullId(id)) return;
    try {
      const content = await this.#files.read(this.#path(id));
      if (content !== undefined) this.#values.set(id as Id, this.#schema.parse(JSON.parse(content)));
    } catch (error) {
      this.#logger.warn('a damaged record is passed over', {
        path: this.#path(id),
        error: describeError(error),
      });
    }
  }
}
