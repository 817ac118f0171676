import type { Platform } from './platform.ts';
import type { ProgressListener } from './pull-progress.ts';
import type { AuthConfig } from './registry/credentials.ts';
import type { RegistryOptions } from './registry/open-session.ts';
import type { LayerLimits } from './unpack/layer-limits.ts';

export interface ImageStoreOptions {
  /** The directory of the store, on a file system that overlayfs takes as lower layer. */
  readonly root: string;
  readonly registry?: RegistryOptions;
  /** References of images that are never garbage. */
  readonly pinned?: readonly string[];
  /** Keeps layers as distributed too, for engines that want an image handed over. On by default. */
  readonly keepBlobs?: boolean;
  /** Whether images may bring device nodes. On by default. */
  readonly allowDevices?: boolean;
  readonly limits?: LayerLimits;
  /** Layers fetched at once from one registry. */
  readonly downloadsPerRegistry?: number;
  readonly unpackThreads?: number;
  /** Waits for the disk before an image counts as pulled. On by default. */
  readonly synchronise?: boolean;
  readonly platform?: Platform;
}

export interface PullOptions {
  readonly auth?: AuthConfig | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressListener | undefined;
}

export interface FilesystemUsage {
  readonly mountpoint: string;
  readonly usedBytes: number;
  readonly inodesUsed: number;
  readonly timestampNs: bigint;
}
