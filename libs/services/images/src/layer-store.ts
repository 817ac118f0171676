import { errnoCode, KeyedMutex, type Logger } from '@crihub/kernel';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Digest, isDigest } from './digest.ts';
import type { StorePaths } from './store-paths.ts';
import type { LayerUsage } from './unpack/layer-writer.ts';

const markerSchema = z.object({ bytes: z.int().nonnegative(), inodes: z.int().nonnegative() });
const MARKER = 'layer.json';

/** Unpacked layers by the digest of their archive; a layer is there whole or not at all. */
export class LayerStore {
  readonly #paths: StorePaths;
  readonly #logger: Logger;
  readonly #layers = new Map<Digest, LayerUsage>();
  readonly #locks = new KeyedMutex<Digest>();

  constructor({ paths, logger }: { readonly paths: StorePaths; readonly logger: Logger }) {
    this.#paths = paths;
    this.#logger = logger;
  }

  get diffIds(): readonly Digest[] {
    return [...this.#layers.keys()];
  }

  /** What all layers take on disk. */
  get totalUsage(): LayerUsage {
    let [bytes, inodes] = [0, 0];
    for (const usage of this.#layers.values()) {
      bytes += usage.bytes;
      inodes += usage.inodes;
    }
    return { bytes, inodes };
  }

  /** Learns what is there; what is damaged is removed. */
  async open(): Promise<void> {
    for (const name of await readdir(this.#paths.layers)) {
      const diffId = `sha256:${name}`;
      if (isDigest(diffId) && (await this.check(diffId))) continue;
      this.#logger.warn('a damaged layer is removed', { layer: name });
      await this.#discard(join(this.#paths.layers, name));
    }
  }

  has(diffId: Digest): boolean {
    return this.#layers.has(diffId);
  }

  /** Looks on the disk whether a layer is still whole; one that is not is forgotten. */
  async check(diffId: Digest): Promise<boolean> {
    try {
      const marker = await readFile(join(this.#paths.layer(diffId), MARKER), 'utf8');
      const usage = markerSchema.parse(JSON.parse(marker));
      const content = await stat(this.#paths.layerContent(diffId));
      if (content.isDirectory()) {
        this.#layers.set(diffId, usage);
        return true;
      }
    } catch (error) {
      const expected =
        errnoCode(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof z.ZodError;
      if (!expected) throw error;
    }
    this.#layers.delete(diffId);
    return false;
  }

  /**
   * Makes a layer: `unpack` fills a directory of its own, which becomes the layer if it resolves and goes
   * if it rejects. One at a time for each layer; who comes second finds it there.
   */
  async add(diffId: Digest, unpack: (directory: string) => Promise<LayerUsage>): Promise<void> {
    const temporary = this.#paths.newTemporary('layer');
    try {
      const content = join(temporary, 'diff');
      await mkdir(content, { recursive: true, mode: 0o755 });
      const usage = await unpack(content);
      await writeFile(join(temporary, MARKER), JSON.stringify(usage));
      await this.#locks.run(diffId, async () => {
        if (this.#layers.has(diffId)) return;
        await this.#discard(this.#paths.layer(diffId));
        await rename(temporary, this.#paths.layer(diffId));
        this.#layers.set(diffId, usage);
      });
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }

  async remove(diffId: Digest): Promise<void> {
    this.#layers.delete(diffId);
    await this.#locks.run(diffId, async () => {
      // Somebody may have fetched it anew meanwhile.
      if (!this.#layers.has(diffId)) await this.#discard(this.#paths.layer(diffId));
    });
  }

  /** Out of sight first, so that a crash in between leaves no half of a layer. */
  async #discard(path: string): Promise<void> {
    const trash = this.#paths.newTemporary('trash');
    try {
      await rename(path, trash);
    } catch (error) {
      if (errnoCode(error) === 'ENOENT') return;
      throw error;
    }
    await rm(trash, { recursive: true, force: true });
  }
}
