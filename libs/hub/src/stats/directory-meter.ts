import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoCode } from '@crihub/kernel';
import type { ContainerRecord } from '../records/container-record.ts';
import type { LayerUsage, WritableLayerMeter } from './writable-layers.ts';

/** Directory entries that are looked at side by side. */
const BATCH = 64;
const BLOCK_BYTES = 512;

/**
 * Measures writable layers that are directories of this host, as `du` does: blocks in use, a file with
 * several names once. Walks one directory at a time and stops when the signal aborts.
 */
export class DirectoryMeter implements WritableLayerMeter {
  readonly #directoryOf: (record: ContainerRecord) => string | undefined;

  /** @param directoryOf the overlay's upper directory; `undefined` if the container has none on this host. */
  constructor(directoryOf: (record: ContainerRecord) => string | undefined) {
    this.#directoryOf = directoryOf;
  }

  async usage(record: ContainerRecord, signal: AbortSignal): Promise<LayerUsage | undefined> {
    const directory = this.#directoryOf(record);
    if (directory === undefined) return undefined;
    const walk = new Walk(signal);
    await walk.add([directory]);
    return walk.inodes === 0 ? undefined : { bytes: walk.bytes, inodes: walk.inodes };
  }
}

class Walk {
  bytes = 0;
  inodes = 0;
  readonly #signal: AbortSignal;
  readonly #linked = new Set<string>();
  readonly #directories: string[] = [];

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  async add(paths: readonly string[]): Promise<void> {
    await this.#count(paths);
    for (let next = this.#directories.pop(); next !== undefined; next = this.#directories.pop()) {
      await this.#enter(next);
    }
  }

  async #enter(directory: string): Promise<void> {
    let batch: string[] = [];
    try {
      for await (const { name } of await opendir(directory)) {
        batch.push(join(directory, name));
        if (batch.length < BATCH) continue;
        await this.#count(batch);
        batch = [];
      }
    } catch (error) {
      if (errnoCode(error) !== 'ENOENT') throw error; // removed meanwhile
    }
    await this.#count(batch);
  }

  async #count(paths: readonly string[]): Promise<void> {
    this.#signal.throwIfAborted();
    await Promise.all(paths.map((path) => this.#countOne(path)));
  }

  async #countOne(path: string): Promise<void> {
    try {
      const entry = await lstat(path);
      if (entry.isDirectory()) this.#directories.push(path);
      else if (entry.nlink > 1 && !this.#firstOf(`${String(entry.dev)}:${String(entry.ino)}`)) return;
      this.inodes += 1;
      this.bytes += entry.blocks * BLOCK_BYTES;
    } catch (error) {
      if (errnoCode(error) !== 'ENOENT') throw error; // removed meanwhile
    }
  }

  #firstOf(inode: string): boolean {
    if (this.#linked.has(inode)) return false;
    this.#linked.add(inode);
    return true;
  }
}
