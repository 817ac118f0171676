import { describeError, KeyedMutex, type Logger } from '@crihub/kernel';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from './digest.ts';
import { writeDurably } from './durable-file.ts';
import { decodeRecord, encodeRecord, type ImageRecord } from './image.ts';
import type { ImageIndex } from './image-index.ts';
import type { LayerStore } from './layer-store.ts';
import type { StorePaths } from './store-paths.ts';

interface ImageRecordsDependencies {
  readonly paths: StorePaths;
  readonly index: ImageIndex;
  readonly layers: LayerStore;
  readonly logger: Logger;
}

/** The records of images, in memory and on disk alike; changes come one after the other. */
export class ImageRecords {
  readonly #dependencies: ImageRecordsDependencies;
  readonly #lock = new KeyedMutex<'records'>();

  constructor(dependencies: ImageRecordsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Reads all records. One that can't be read is set aside; an image that lacks a layer is hidden. */
  async open(): Promise<void> {
    const { paths, index, layers, logger } = this.#dependencies;
    const records: ImageRecord[] = [];
    for (const name of await readdir(paths.images)) {
      const path = join(paths.images, name);
      if (!name.endsWith('.json')) {
        if (name.endsWith('.tmp')) await rm(path, { force: true });
        continue;
      }
      try {
        records.push(decodeRecord(await readFile(path, 'utf8')));
      } catch (error) {
        logger.error('an image record is damaged and set aside', { path, error: describeError(error) });
        await rename(path, `${path}.damaged`);
      }
    }
    // A tag that was moving when the daemon was killed belongs to the newer image.
    records.sort((a, b) => (a.pulledAtNs < b.pulledAtNs ? -1 : 1));
    for (const record of records) {
      await this.#takeNames(record);
      if (record.layers.every(({ diffId }) => layers.has(diffId))) index.put(record);
      else this.hide(record);
    }
  }

  /** Hides an image that lacks a layer, until it is pulled again. */
  hide(record: ImageRecord): void {
    this.#dependencies.index.hide(record);
    this.#dependencies.logger.warn('an image lacks a layer and must be pulled again', {
      image: record.id,
      tags: record.repoTags,
    });
  }

  /** Makes an image durable and visible, with the names that it had before; names are taken from others. */
  async commit(record: ImageRecord): Promise<void> {
    const { paths, index } = this.#dependencies;
    await this.#lock.run('records', async () => {
      const previous = index.byId(record.id);
      const merged = {
        ...record,
        repoTags: union(previous?.repoTags, record.repoTags),
        repoDigests: union(previous?.repoDigests, record.repoDigests),
      };
      await writeDurably(paths.image(record.id), encodeRecord(merged));
      await this.#takeNames(merged);
      index.put(merged);
    });
  }

  /**
   * Removes an image's record, if `mayRemove` still agrees when its turn has come.
   * @throws what `mayRemove` throws.
   */
  async remove(id: Digest, mayRemove: (record: ImageRecord) => void): Promise<void> {
    const { paths, index } = this.#dependencies;
    await this.#lock.run('records', async () => {
      const record = index.byId(id);
      if (record === undefined) return;
      mayRemove(record);
      index.delete(id);
      await rm(paths.image(id), { force: true });
    });
  }

  async #takeNames(record: ImageRecord): Promise<void> {
    const { paths, index } = this.#dependencies;
    for (const tag of record.repoTags) {
      const other = index.byName(tag);
      if (other === undefined || other.id === record.id) continue;
      const without = { ...other, repoTags: other.repoTags.filter((name) => name !== tag) };
      await writeDurably(paths.image(other.id), encodeRecord(without));
      index.put(without);
    }
  }
}

const union = (a: readonly string[] = [], b: readonly string[]): readonly string[] => [
  ...new Set([...a, ...b]),
];
