import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ImageParts, ImageSource, ImageSourceLayer } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';
import { type ImageStore, parseDigest } from '@crihub/service-images';

/** The node's images, for backends with a store of their own. */
export class StoredImages implements ImageSource {
  readonly #store: ImageStore;

  constructor(deps: { readonly store: ImageStore }) {
    this.#store = deps.store;
  }

  /** @throws NotFound for an image that is not there, or whose layers are no longer kept as distributed. */
  async parts(imageId: string): Promise<ImageParts> {
    const image = await this.#store.resolve(imageId);
    const config = await this.#store.readBlob(parseDigest(image.id));
    const layers = await Promise.all(
      image.layers.map(async ({ digest, size }) => {
        const path = this.#store.blobPath(digest);
        if (path === undefined) {
          throw new RuntimeError(
            'NotFound',
            `layer ${digest} of image ${imageId} is not kept: pull the image again`,
          );
        }
        return { digest, compression: await compressionOf(path), size, open: () => createReadStream(path) };
      }),
    );
    return { config, layers };
  }
}

const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** By the first bytes, since media types lie. */
async function compressionOf(path: string): Promise<ImageSourceLayer['compression']> {
  await using file = await open(path);
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
  if (buffer.subarray(0, 2).equals(GZIP)) return 'gzip';
  return buffer.equals(ZSTD) ? 'zstd' : 'none';
}
