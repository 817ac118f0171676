import { KeyedMutex, kindOf, type Logger } from '@crihub/kernel';
import { rm } from 'node:fs/promises';
import type { BlobStore } from './blob-store.ts';
import type { Digest } from './digest.ts';
import { GrowingFile } from './growing-file.ts';
import type { ImageLayer } from './image.ts';
import type { LayerStore } from './layer-store.ts';
import type { StorePaths } from './store-paths.ts';
import type { LayerLimits } from './unpack/layer-limits.ts';
import type { LayerUsage } from './unpack/layer-writer.ts';
import type { Unpacker } from './unpack/unpacker.ts';

/** Where a layer blob comes from. */
export type BlobSource =
  | { readonly kind: 'stream'; readonly write: (file: GrowingFile, signal: AbortSignal) => Promise<void> }
  /** A file below the store's temporary directory, which may be taken over. */
  | { readonly kind: 'file'; readonly path: string };

export interface LayerRequest {
  readonly layer: ImageLayer;
  readonly source: BlobSource;
  /** Names the layer in errors. */
  readonly origin: string;
  /** Called with the bytes that have arrived, now and then. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

export interface LayerFetcherOptions {
  readonly keepBlobs: boolean;
  readonly limits: LayerLimits;
  readonly allowDevices: boolean;
}

interface LayerFetcherDependencies {
  readonly paths: StorePaths;
  readonly blobs: BlobStore;
  readonly layers: LayerStore;
  readonly unpacker: Unpacker;
  readonly logger: Logger;
}

/** Brings layers into the store: fetched, verified and unpacked at the same time, each only once. */
export class LayerFetcher {
  readonly #options: LayerFetcherOptions;
  readonly #dependencies: LayerFetcherDependencies;
  readonly #locks = new KeyedMutex<Digest>();

  constructor(options: LayerFetcherOptions, dependencies: LayerFetcherDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /**
   * Resolves when the layer is there. @returns whether anything had to be written.
   * @throws what the source throws; FailedPrecondition or ResourceExhausted if the layer is refused. Nothing
   *   of it stays then.
   */
  async ensure(request: LayerRequest, signal: AbortSignal): Promise<boolean> {
    const { layer } = request;
    using _held = await this.#locks.acquire(layer.diffId, signal);
    const { blobs, layers } = this.#dependencies;
    const isUnpacked = layers.has(layer.diffId) && (await layers.check(layer.diffId));
    const hasBlob = blobs.has(layer.digest, layer.size);
    if (isUnpacked && (hasBlob || !this.#options.keepBlobs)) return false;
    if (hasBlob && (await this.#unpackStored(request, signal))) return true;
    await this.#fetch(request, isUnpacked, signal);
    return true;
  }

  /** Unpacks a blob of the store; a damaged one is removed, to be fetched again. */
  async #unpackStored(request: LayerRequest, signal: AbortSignal): Promise<boolean> {
    const { blobs, logger } = this.#dependencies;
    const { digest } = request.layer;
    const file = await GrowingFile.whole(blobs.path(digest));
    try {
      await this.#unpack(request, { kind: 'file', path: file.path }, file, signal);
      return true;
    } catch (error) {
      if (kindOf(error) !== 'FailedPrecondition') throw error;
      logger.warn('a damaged blob is removed', { digest });
      await blobs.remove(digest);
      return false;
    }
  }

  async #fetch(request: LayerRequest, isUnpacked: boolean, signal: AbortSignal): Promise<void> {
    const { paths, blobs } = this.#dependencies;
    const { source, layer } = request;
    const path = source.kind === 'file' ? source.path : paths.newTemporary('blob');
    const file = source.kind === 'file' ? await GrowingFile.whole(path) : await GrowingFile.create(path);
    try {
      if (isUnpacked) await this.#transfer(request, source, file, undefined, signal);
      else await this.#unpack(request, source, file, signal);
      if (this.#options.keepBlobs) await blobs.adopt(layer.digest, path);
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
  }

  async #unpack(
    request: LayerRequest,
    source: BlobSource,
    file: GrowingFile,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#dependencies.layers.add(request.layer.diffId, (directory) =>
      this.#transfer(request, source, file, directory, signal),
    );
  }

  /** Writes and reads the file side by side; when one side fails, the other is stopped. */
  async #transfer(
    { layer, origin, onBytes }: LayerRequest,
    source: BlobSource,
    file: GrowingFile,
    directory: string | undefined,
    signal: AbortSignal,
  ): Promise<LayerUsage> {
    const failure = new AbortController();
    const both = AbortSignal.any([signal, failure.signal]);
    const stop = (error: unknown): never => {
      failure.abort(error);
      throw error;
    };
    const write = async (): Promise<void> => {
      if (source.kind === 'file') return;
      await source.write(file, both);
      file.complete();
    };
    const { limits, allowDevices } = this.#options;
    const job = { ...layer, origin, directory, limits, allowDevices };
    const unsubscribe = file.subscribe((bytes) => onBytes?.(bytes));
    const [, unpacked] = await Promise.allSettled([
      write().catch(stop),
      this.#dependencies.unpacker.unpack(file, job, both).catch(stop),
    ]);
    unsubscribe();
    signal.throwIfAborted();
    // The first failure; the other side's is only its echo.
    failure.signal.throwIfAborted();
    if (unpacked.status === 'rejected') throw unpacked.reason;
    return unpacked.value;
  }
}
