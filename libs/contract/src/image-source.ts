import type { Readable } from 'node:stream';

/** A layer as it was distributed. */
export interface ImageSourceLayer {
  /** Of what `open` gives: `sha256:` and 64 hex digits. */
  readonly digest: string;
  readonly compression: 'none' | 'gzip' | 'zstd';
  /** Bytes of what `open` gives. */
  readonly size: number;
  /** Reads it from the beginning. */
  open(): Readable;
}

/** What an image is made of. */
export interface ImageParts {
  /** The bytes of its config, whose digest is its id. */
  readonly config: Buffer;
  /** From the lowest on. */
  readonly layers: readonly ImageSourceLayer[];
}

/** The hub's images, for backends that keep copies of them in a store of their own. */
export interface ImageSource {
  /** @throws NotFound for an image that is not there, or whose layers are not kept as they were distributed. */
  parts(imageId: string, signal: AbortSignal): Promise<ImageParts>;
}
