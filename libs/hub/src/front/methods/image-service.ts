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

/** The node's images, as the image RPCs need them. */
export interface ImageService {
  list(): readonly DescribedImage[];
  /** By reference, id or unique prefix of an id. @throws InvalidArgument for what is no reference. */
  find(reference: string): DescribedImage | undefined;
  /** @returns the image's id. */
  pull(reference: string, credentials: PullCredentials | undefined, signal: AbortSignal): Promise<string>;
  /** An absent image is removed. @throws FailedPrecondition if `inUse` says so of its id. */
  remove(reference: string, inUse: (imageId: string) => boolean): Promise<void>;
  usage(): Promise<ImageFilesystem>;
}
