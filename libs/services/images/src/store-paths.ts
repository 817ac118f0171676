import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, hexOf } from './digest.ts';

/** Where the parts of the store lie below its root. */
export class StorePaths {
  readonly root: string;
  /** One record per image. */
  readonly images: string;
  /** Manifests, configs and layers as distributed. */
  readonly blobs: string;
  /** Unpacked layers. */
  readonly layers: string;
  /** What is not finished, and what is being removed; emptied at start. */
  readonly temporary: string;
  /** A directory that is always empty: the lower layer of an image without layers. */
  readonly empty: string;
  #last = 0;

  constructor(root: string) {
    this.root = root;
    this.images = join(root, 'images');
    this.blobs = join(root, 'blobs', 'sha256');
    this.layers = join(root, 'layers');
    this.temporary = join(root, 'tmp');
    this.empty = join(root, 'empty');
  }

  async create(): Promise<void> {
    await mkdir(this.root, { recursive: true, mode: 0o711 });
    for (const path of [this.images, this.blobs, this.temporary])
      await mkdir(path, { recursive: true, mode: 0o700 });
    // Containers in user namespaces reach their root file system through here.
    for (const path of [this.layers, this.empty]) await mkdir(path, { recursive: true, mode: 0o711 });
  }

  image(id: Digest): string {
    return join(this.images, `${hexOf(id)}.json`);
  }

  blob(digest: Digest): string {
    return join(this.blobs, hexOf(digest));
  }

  layer(diffId: Digest): string {
    return join(this.layers, hexOf(diffId));
  }

  /** The root of a layer's files. */
  layerContent(diffId: Digest): string {
    return join(this.layer(diffId), 'diff');
  }

  /** A name that nobody else has. */
  newTemporary(purpose: string): string {
    this.#last += 1;
    return join(this.temporary, `${purpose}-${String(this.#last)}`);
  }
}
