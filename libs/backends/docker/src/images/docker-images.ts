import type { Readable } from 'node:stream';

/** A layer as it was distributed. */
export interface DockerLayer {
  readonly compression: 'none' | 'gzip' | 'zstd';
  /** Bytes of what `open` gives. */
  readonly size: number;
  /** Reads it from the beginning. */
  open(): Readable;
}

/** What an image is made of. */
export interface DockerImageParts {
  /** The bytes of its config, whose digest is its id. */
  readonly config: Buffer;
  /** From the lowest on. */
  readonly layers: readonly DockerLayer[];
}

/** The hub's images as this backend wants them: the parts, from which the engine gets an archive. */
export interface DockerImages {
  /** @throws NotFound if there is no such image. */
  parts(imageId: string, signal: AbortSignal): Promise<DockerImageParts>;
}
