import { type Clock, isRuntimeError, KeyedMutex, kindOf, type Logger, RuntimeError } from '@crihub/kernel';
import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { ArchiveLoader } from './archive/archive-loader.ts';
import { BlobStore } from './blob-store.ts';
import { CountedSet } from './counted-set.ts';
import type { Digest } from './digest.ts';
import type { Image, ImageRecord } from './image.ts';
import { ImageAssembler } from './image-assembler.ts';
import { ImageIndex } from './image-index.ts';
import { ImagePuller } from './image-puller.ts';
import { ImageRecords } from './image-records.ts';
import type { FilesystemUsage, ImageStoreOptions, PullOptions } from './image-store-options.ts';
import { LayerFetcher } from './layer-fetcher.ts';
import { LayerStore } from './layer-store.ts';
import { hostPlatform } from './platform.ts';
import { PullLog } from './pull-log.ts';
import type { ProgressListener } from './pull-progress.ts';
import { type NameReference, parseReference } from './reference.ts';
import { type AuthConfig, fingerprint } from './registry/credentials.ts';
import { SharedPulls } from './shared-pulls.ts';
import { StorePaths } from './store-paths.ts';
import { DEFAULT_LAYER_LIMITS } from './unpack/layer-limits.ts';
import { Unpacker } from './unpack/unpacker.ts';

// The limit is for one layer; an archive may hold several.
const ARCHIVE_FACTOR = 4;
const DEFAULT_DOWNLOADS = 3;

/** After these a retry is likely, and what was fetched will do. */
const RETRIED = new Set(['Unavailable', 'DeadlineExceeded', 'Cancelled']);

/** All images of the node, whatever backend runs them: one set of blobs, layers and records. */
export class ImageStore {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #paths: StorePaths;
  readonly #blobs: BlobStore;
  readonly #layers: LayerStore;
  readonly #index = new ImageIndex();
  readonly #records: ImageRecords;
  /** Digests that pulls under way rely on, and ids that callers hold. */
  readonly #leases = new CountedSet<Digest>();
  readonly #unpacker: Unpacker;
  readonly #puller: ImagePuller;
  readonly #loader: ArchiveLoader;
  readonly #pulls = new SharedPulls<ImageRecord>();
  readonly #sweeping = new KeyedMutex<'sweep'>();
  readonly #pinned: ReadonlySet<string>;

  constructor(
    options: ImageStoreOptions,
    { logger, clock }: { readonly logger: Logger; readonly clock: Clock },
  ) {
    this.#logger = logger;
    this.#clock = clock;
    this.#pinned = new Set((options.pinned ?? []).map((name) => parseReference(name).text));
    const { platform = hostPlatform(), limits = DEFAULT_LAYER_LIMITS } = options;
    const paths = (this.#paths = new StorePaths(options.root));
    const blobs = (this.#blobs = new BlobStore({ paths }));
    const layers = (this.#layers = new LayerStore({ paths, logger }));
    const index = this.#index;
    const records = (this.#records = new ImageRecords({ paths, index, layers, logger }));
    const unpacker = (this.#unpacker = new Unpacker({ threads: options.unpackThreads ?? 2 }));
    const fetcher = new LayerFetcher(
      { keepBlobs: options.keepBlobs ?? true, limits, allowDevices: options.allowDevices ?? true },
      { paths, blobs, layers, unpacker, logger },
    );
    const commit = (record: ImageRecord): Promise<void> => records.commit(record);
    const assembler = new ImageAssembler(
      { platform, syncPath: options.synchronise === false ? undefined : options.root },
      { blobs, fetcher, leases: this.#leases, commit, clock, logger },
    );
    this.#puller = new ImagePuller(
      {
        registry: options.registry ?? {},
        platform,
        downloadsPerRegistry: options.downloadsPerRegistry ?? DEFAULT_DOWNLOADS,
      },
      { assembler, commit, logger, findWhole: (name) => this.#findWhole(name) },
    );
    this.#loader = new ArchiveLoader(
      { platform, maxArchiveBytes: limits.maxLayerBytes * ARCHIVE_FACTOR },
      { paths, unpacker, assembler },
    );
  }

  /** Reads the store and removes what an earlier daemon left unfinished. Call it once, first. */
  async open(): Promise<void> {
    await rm(this.#paths.temporary, { recursive: true, force: true });
    await this.#paths.create();
    await this.#blobs.open();
    await this.#layers.open();
    await this.#records.open();
    await this.#sweep();
  }

  /** Stops all pulls and the threads. */
  async close(): Promise<void> {
    await this.#pulls.close(new RuntimeError('Unavailable', 'the image store is closing'));
    await this.#unpacker.close();
  }

  list(): readonly Image[] {
    return this.#index.records.map((record) => this.#view(record));
  }

  /**
   * An image by id, unique prefix of an id, tag or digest.
   * @throws InvalidArgument for what can be none of these.
   */
  get(text: string): Image | undefined {
    const record = this.#index.find(text);
    return record === undefined ? undefined : this.#view(record);
  }

  /**
   * An image that is about to be used: its layers are looked up on the disk too.
   * @throws NotFound if there is none, or if it was damaged and must be pulled again.
   */
  async resolve(text: string): Promise<Image> {
    const record = this.#index.find(text);
    if (record === undefined) {
      throw new RuntimeError('NotFound', `image "${text}" is not on this node: pull it first`, { id: text });
    }
    if (await this.#isWhole(record)) return this.#view(record);
    throw new RuntimeError('NotFound', `image "${text}" is damaged: pull it again`, { id: text });
  }

  /** Keeps an image from being removed until the result is disposed. */
  hold(id: Digest): Disposable {
    return this.#leases.hold([id]);
  }

  /**
   * Fetches an image. Callers with the same reference and credentials share one pull, which ends when all
   * have left.
   * @throws InvalidArgument, NotFound, PermissionDenied; Unavailable with reason `RegistryUnavailable`;
   *   FailedPrecondition, ResourceExhausted or Unimplemented if the image itself is refused. Nothing of what
   *   was refused stays.
   */
  async pull(text: string, { auth, signal, onProgress }: PullOptions = {}): Promise<Image> {
    const reference = parseReference(text);
    if (reference.kind === 'id') {
      throw new RuntimeError('InvalidArgument', `"${text}" is an image id: pull by name, with tag or digest`);
    }
    const record = await this.#pulls.run(
      `${reference.text} ${fingerprint(auth)}`,
      (pullSignal, tell) => this.#pull(reference, auth, tell, pullSignal),
      { signal, onProgress },
    );
    return this.#view(this.#index.byId(record.id) ?? record);
  }

  /** Loads the images of a docker-archive or OCI-layout tar, plain or compressed, from a path or a stream. */
  async load(archive: string | Readable, signal = new AbortController().signal): Promise<readonly Image[]> {
    try {
      const records = await this.#loader.load(archive, signal);
      for (const { id, repoTags } of records)
        this.#logger.info('image loaded', { image: id, tags: repoTags });
      return records.map((record) => this.#view(this.#index.byId(record.id) ?? record));
    } catch (error) {
      await this.#sweep();
      throw error;
    }
  }

  /**
   * Removes an image with all its names, and the layers that no other image has; one that is not there is
   * gone already.
   * @throws FailedPrecondition if `isInUse` says so of its id, or if somebody holds it.
   */
  async remove(text: string, { isInUse }: { readonly isInUse: (id: Digest) => boolean }): Promise<void> {
    const found = this.#index.find(text);
    if (found === undefined) return;
    await this.#records.remove(found.id, ({ id }) => {
      if (!this.#leases.has(id) && !isInUse(id)) return;
      throw new RuntimeError(
        'FailedPrecondition',
        `image ${found.repoTags[0] ?? id} is in use: remove its containers first`,
        { operation: 'remove image', id },
      );
    });
    this.#logger.info('image removed', { image: found.id, tags: found.repoTags });
    await this.#sweep();
  }

  /** A manifest or config of an image, as distributed. @throws NotFound. */
  async readBlob(digest: Digest): Promise<Buffer> {
    return await this.#blobs.read(digest);
  }

  /** The file of a blob, if blobs are kept and it is there. */
  blobPath(digest: Digest): string | undefined {
    return this.#blobs.has(digest) ? this.#blobs.path(digest) : undefined;
  }

  /** An empty directory, for the root file system of an image without layers. */
  get emptyDirectory(): string {
    return this.#paths.empty;
  }

  filesystemUsage(): FilesystemUsage {
    const { bytes, inodes } = this.#layers.totalUsage;
    return {
      mountpoint: this.#paths.root,
      usedBytes: bytes + this.#blobs.totalBytes,
      inodesUsed: inodes + this.#blobs.digests.length,
      timestampNs: this.#clock.nowNs(),
    };
  }

  async #pull(
    reference: NameReference,
    auth: AuthConfig | undefined,
    tell: ProgressListener,
    signal: AbortSignal,
  ): Promise<ImageRecord> {
    const log = new PullLog(reference.text, this.#logger);
    const onProgress: ProgressListener = (progress) => {
      log.progress(progress);
      tell(progress);
    };
    try {
      const record = await this.#puller.pull(reference, auth, onProgress, signal);
      log.done(record.id);
      return record;
    } catch (error) {
      log.failed(error);
      if (!RETRIED.has(kindOf(error))) await this.#sweep();
      throw explain(reference, error);
    }
  }

  async #findWhole(repoDigest: string): Promise<ImageRecord | undefined> {
    const record = this.#index.byName(repoDigest);
    return record !== undefined && (await this.#isWhole(record)) ? record : undefined;
  }

  async #isWhole(record: ImageRecord): Promise<boolean> {
    const present = await Promise.all(record.layers.map(({ diffId }) => this.#layers.check(diffId)));
    if (present.every(Boolean)) return true;
    if (this.#index.byId(record.id) === record) this.#records.hide(record);
    return false;
  }

  /** Removes blobs and layers that no image and no pull needs. */
  async #sweep(): Promise<void> {
    await this.#sweeping.run('sweep', async () => {
      const isUsed = (digest: Digest): boolean => this.#index.uses(digest) || this.#leases.has(digest);
      for (const diffId of this.#layers.diffIds) if (!isUsed(diffId)) await this.#layers.remove(diffId);
      for (const digest of this.#blobs.digests) if (!isUsed(digest)) await this.#blobs.remove(digest);
    });
  }

  #view(record: ImageRecord): Image {
    return {
      ...record,
      pinned: [...record.repoTags, ...record.repoDigests].some((name) => this.#pinned.has(name)),
      layerDirectories: record.layers.map(({ diffId }) => this.#paths.layerContent(diffId)),
    };
  }
}

/** Every failure names the image. */
function explain({ text }: NameReference, error: unknown): unknown {
  if (!isRuntimeError(error)) return error;
  return new RuntimeError(error.kind, `can't pull ${text}: ${error.message}`, {
    operation: 'pull image',
    id: text,
    cause: error,
    ...(error.reason !== undefined && { reason: error.reason }),
  });
}
