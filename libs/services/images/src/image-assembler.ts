import type { Semaphore } from '@crihub/kernel';
import { type Clock, type Logger } from '@crihub/kernel';
import { run } from '@crihub/transport/process';
import type { BlobStore } from './blob-store.ts';
import { refused } from './content-error.ts';
import type { CountedSet } from './counted-set.ts';
import type { Digest } from './digest.ts';
import type { ImageLayer, ImageRecord } from './image.ts';
import { checkPlatform, type ParsedImageConfig, parseImageConfig } from './image-config.ts';
import type { BlobSource, LayerFetcher } from './layer-fetcher.ts';
import type { Descriptor } from './manifest.ts';
import type { Platform } from './platform.ts';

/** The parts of an image, verified but for the layers. */
export interface ImageParts {
  /** Names the image in errors. */
  readonly origin: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly manifest: { readonly digest: Digest; readonly content: Uint8Array };
  readonly config: { readonly digest: Digest; readonly content: Uint8Array };
  /** As the manifest lists them, lowest first. */
  readonly layers: readonly Descriptor[];
  readonly sourceOf: (layer: Descriptor, index: number) => BlobSource;
  /** Bounds the layers that are fetched at once. */
  readonly downloads: Semaphore;
  readonly onLayer?: ((layer: Descriptor, bytes: number) => void) | undefined;
}

export interface ImageAssemblerOptions {
  readonly platform: Platform;
  /** Where the store lies, to be synchronised with the disk; undefined to leave that to the kernel. */
  readonly syncPath: string | undefined;
}

interface ImageAssemblerDependencies {
  readonly blobs: BlobStore;
  readonly fetcher: LayerFetcher;
  /** What must not be swept away meanwhile. */
  readonly leases: CountedSet<Digest>;
  /** Makes the record durable and visible. */
  readonly commit: (record: ImageRecord) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const SYNC_TIMEOUT_MS = 10 * 60_000;

/** Turns verified parts into an image of the store, from a registry or from an archive alike. */
export class ImageAssembler {
  readonly #options: ImageAssemblerOptions;
  readonly #dependencies: ImageAssemblerDependencies;

  constructor(options: ImageAssemblerOptions, dependencies: ImageAssemblerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** @throws FailedPrecondition if the parts don't belong together, or what fetching the layers throws. */
  async assemble(parts: ImageParts, signal: AbortSignal): Promise<ImageRecord> {
    const { blobs, leases, commit } = this.#dependencies;
    const parsed = parseImageConfig(parts.config.content, `the config of ${parts.origin}`);
    checkPlatform(parsed.config, this.#options.platform, parts.origin);
    const record = this.#recordOf(parts, parsed);
    using _lease = leases.hold([
      record.id,
      record.manifestDigest,
      ...record.layers.flatMap(({ diffId, digest }) => [diffId, digest]),
    ]);
    const isChanged = await this.#fetchLayers(parts, record.layers, signal);
    await blobs.write(parts.manifest.digest, parts.manifest.content);
    await blobs.write(parts.config.digest, parts.config.content);
    // A record must never outlive a power failure that its layers did not.
    if (isChanged) await this.#synchronise(signal);
    await commit(record);
    return record;
  }

  #recordOf(parts: ImageParts, { config, diffIds }: ParsedImageConfig): ImageRecord {
    const { manifest, layers, origin } = parts;
    if (diffIds.length !== layers.length) {
      throw refused(
        `${origin} has ${String(layers.length)} layers, and its config names ${String(diffIds.length)}`,
      );
    }
    const imageLayers = layers.map(({ digest, size }, index) => ({
      diffId: diffIds[index] ?? digest,
      digest,
      size,
    }));
    return {
      id: parts.config.digest,
      repoTags: parts.repoTags,
      repoDigests: parts.repoDigests,
      manifestDigest: manifest.digest,
      size:
        manifest.content.length +
        parts.config.content.length +
        layers.reduce((sum, { size }) => sum + size, 0),
      config,
      layers: imageLayers,
      pulledAtNs: this.#dependencies.clock.nowNs(),
    };
  }

  /** Fetches all layers; the first failure stops the rest. @returns whether anything was written. */
  async #fetchLayers(
    parts: ImageParts,
    layers: readonly ImageLayer[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const failure = new AbortController();
    const either = AbortSignal.any([signal, failure.signal]);
    const fetches = parts.layers.map(async (descriptor, index) => {
      try {
        return await parts.downloads.run(
          () =>
            this.#dependencies.fetcher.ensure(
              {
                layer: layers[index] as ImageLayer,
                source: parts.sourceOf(descriptor, index),
                origin: `layer ${descriptor.digest} of ${parts.origin}`,
                onBytes: (bytes) => parts.onLayer?.(descriptor, bytes),
              },
              either,
            ),
          either,
        );
      } catch (error) {
        failure.abort(error);
        throw error;
      } finally {
        if (!failure.signal.aborted) parts.onLayer?.(descriptor, descriptor.size);
      }
    });
    const results = await Promise.allSettled(fetches);
    signal.throwIfAborted();
    failure.signal.throwIfAborted();
    return results.some((result) => result.status === 'fulfilled' && result.value);
  }

  async #synchronise(signal: AbortSignal): Promise<void> {
    const { syncPath } = this.#options;
    if (syncPath === undefined) return;
    const { exitCode, stderr } = await run('sync', {
      args: ['--file-system', syncPath],
      timeoutMs: SYNC_TIMEOUT_MS,
      signal,
    });
    if (exitCode === 0) return;
    this.#dependencies.logger.warn('the image store could not be synchronised with the disk', {
      error: stderr.toString('utf8').trim(),
    });
  }
}
