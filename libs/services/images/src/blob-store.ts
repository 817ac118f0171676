import { KeyedMutex, RuntimeError } from '@crihub/kernel';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestOf, isDigest } from './digest.ts';
import type { StorePaths } from './store-paths.ts';

/** Blobs by digest, whole and verified before they appear. */
export class BlobStore {
  readonly #paths: StorePaths;
  readonly #sizes = new Map<Digest, number>();
  readonly #locks = new KeyedMutex<Digest>();

  constructor({ paths }: { readonly paths: StorePaths }) {
    this.#paths = paths;
  }

  get digests(): readonly Digest[] {
    return [...this.#sizes.keys()];
  }

  /** Bytes of all blobs. */
  get totalBytes(): number {
    return this.#sizes.values().reduce((sum, size) => sum + size, 0);
  }

  /** Learns what is there; a file that is not named as a blob is removed. */
  async open(): Promise<void> {
    for (const name of await readdir(this.#paths.blobs)) {
      const path = join(this.#paths.blobs, name);
      const digest = `sha256:${name}`;
      if (isDigest(digest)) this.#sizes.set(digest, (await stat(path)).size);
      else await rm(path, { recursive: true, force: true });
    }
  }

  has(digest: Digest, size?: number): boolean {
    const there = this.#sizes.get(digest);
    return there !== undefined && (size === undefined || there === size);
  }

  path(digest: Digest): string {
    return this.#paths.blob(digest);
  }

  /** A small blob. @throws NotFound, or Internal if its content was damaged. */
  async read(digest: Digest): Promise<Buffer> {
    if (!this.has(digest)) throw new RuntimeError('NotFound', `blob ${digest} is not in the image store`);
    const content = await readFile(this.path(digest));
    if (digestOf(content) === digest) return content;
    throw new RuntimeError('Internal', `blob ${this.path(digest)} is damaged: pull its image again`);
  }

  /** Stores a small blob that was verified. */
  async write(digest: Digest, content: Uint8Array): Promise<void> {
    if (this.has(digest, content.length)) return;
    const temporary = this.#paths.newTemporary('blob');
    await writeFile(temporary, content, { mode: 0o600 });
    await this.adopt(digest, temporary);
  }

  /** Takes over a file that was verified. */
  async adopt(digest: Digest, file: string): Promise<void> {
    await this.#locks.run(digest, async () => {
      const { size } = await stat(file);
      await rename(file, this.path(digest));
      this.#sizes.set(digest, size);
    });
  }

  async remove(digest: Digest): Promise<void> {
    this.#sizes.delete(digest);
    await this.#locks.run(digest, async () => {
      // Somebody may have fetched it anew meanwhile.
      if (!this.#sizes.has(digest)) await rm(this.path(digest), { force: true });
    });
  }
}
