import type { NodeImage } from '../../lifecycle/ports.ts';

/** An image as the CRI describes it. */
export interface DescribedImage extends NodeImage {
  readonly repoTags: readonly string[];
  readonly sizeBytes: number;
  readonly pinned: boolean;
  /** The OCI image configuration, for verbose status. */
  readonly config: unknown;
}

/** Credentials of one pull; empty strings are absent. */
export interface PullCredentials {
  readonly username: string;
  readonly password: string;
  readonly auth: string;
  readonly serverAddress: string;
  readonly identityToken: string;
  readonly registryToken: string;
}

/** How much of a file system the image store uses. */
export interface ImageFilesystem {
  readonly directory: string;
  readonly usedBytes: number;
  readonly inodesUsed: number;
}

/** How far a pull is. */
export interface PullProgress {
  readonly phase: 'resolving' | 'fetching' | 'done';
  readonly layers: number;
  readonly layersDone: number;
  /** Of all layers, as distributed. */
  readonly bytes: number;
  readonly bytesDone: number;
}

export interface PullOptions {
  /** The node's own, if it has any, when absent. */
  readonly credentials?: PullCredentials | undefined;
  /** Told now and then, and must not throw. */
  readonly onProgress?: ((progress: PullProgress) => void) | undefined;
  readonly signal: AbortSignal;
}

/** The node's images, as the image RPCs need them. */
export interface ImageService {
  list(): readonly DescribedImage[];
  /** By reference, id or unique prefix of an id. @throws InvalidArgument for what is no reference. */
  find(reference: string): DescribedImage | undefined;
  /** @returns the image's id. */
  pull(reference: string, options: PullOptions): Promise<string>;
  /**
   * Loads all images of an archive, a file with an absolute path.
   * @throws NotFound, InvalidArgument for a path that is no file; FailedPrecondition for a bad archive.
   */
  load(path: string, signal: AbortSignal): Promise<readonly DescribedImage[]>;
  /** An absent image is removed. @throws FailedPrecondition if `inUse` says so of its id. */
  remove(reference: string, inUse: (imageId: string) => boolean): Promise<void>;
  usage(): Promise<ImageFilesystem>;
}
