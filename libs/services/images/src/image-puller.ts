import { KeyedPool } from './keyed-pool.ts';
import type { Logger } from '@crihub/kernel';
import { refused } from './content-error.ts';
import type { Digest } from './digest.ts';
import type { ImageRecord } from './image.ts';
import type { ImageAssembler } from './image-assembler.ts';
import { type Manifest, parseManifest, selectPlatform } from './manifest.ts';
import type { Platform } from './platform.ts';
import { ProgressMeter, type ProgressListener } from './pull-progress.ts';
import type { NameReference } from './reference.ts';
import type { AuthConfig } from './registry/credentials.ts';
import { openSession, type RegistryOptions } from './registry/open-session.ts';
import type { FetchedManifest, RegistrySession } from './registry/registry-session.ts';

export interface ImagePullerOptions {
  readonly registry: RegistryOptions;
  readonly platform: Platform;
  /** Layers fetched at once from one registry; a slow one holds up nobody else. */
  readonly downloadsPerRegistry: number;
}

interface ImagePullerDependencies {
  readonly assembler: ImageAssembler;
  /** An image of the store that has this `repository@digest`, whole on disk. */
  readonly findWhole: (repoDigest: string) => Promise<ImageRecord | undefined>;
  /** Makes a record with new names durable and visible. */
  readonly commit: (record: ImageRecord) => Promise<void>;
  readonly logger: Logger;
}

interface ImageManifest extends FetchedManifest {
  readonly manifest: Manifest & { readonly kind: 'image' };
}

const MAX_INDEX_DEPTH = 3;

/** Fetches images from registries. */
export class ImagePuller {
  readonly #options: ImagePullerOptions;
  readonly #dependencies: ImagePullerDependencies;
  readonly #downloads: KeyedPool<string>;

  constructor(options: ImagePullerOptions, dependencies: ImagePullerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#downloads = new KeyedPool(options.downloadsPerRegistry);
  }

  async pull(
    reference: NameReference,
    auth: AuthConfig | undefined,
    onProgress: ProgressListener,
    signal: AbortSignal,
  ): Promise<ImageRecord> {
    const meter = new ProgressMeter(reference.text, onProgress);
    const { registry } = this.#options;
    const session = await openSession(reference, auth, registry, this.#dependencies.logger, signal);
    try {
      const digest = await session.resolve(signal);
      const record =
        (await this.#takeExisting(reference, digest)) ??
        (await this.#fetch(session, reference, digest, meter, signal));
      meter.finish();
      return record;
    } finally {
      await session.close();
    }
  }

  /** An image that is there already under this digest only gets its name. */
  async #takeExisting(
    reference: NameReference,
    digest: Digest | undefined,
  ): Promise<ImageRecord | undefined> {
    if (digest === undefined) return undefined;
    const found = await this.#dependencies.findWhole(`${reference.repository}@${digest}`);
    if (found === undefined) return undefined;
    const record = { ...found, repoTags: union(found.repoTags, tagsOf(reference)) };
    await this.#dependencies.commit(record);
    return record;
  }

  async #fetch(
    session: RegistrySession,
    reference: NameReference,
    digest: Digest | undefined,
    meter: ProgressMeter,
    signal: AbortSignal,
  ): Promise<ImageRecord> {
    const { target, text, repository } = reference;
    const named = target.kind === 'digest' ? target.digest : (digest ?? target.tag);
    const top = await session.manifest(named, signal);
    const image = await this.#imageManifest(session, top, text, signal);
    const config = await session.document(image.manifest.config, signal);
    meter.start(image.manifest.layers);
    return await this.#dependencies.assembler.assemble(
      {
        origin: text,
        repoTags: tagsOf(reference),
        repoDigests: [`${repository}@${top.digest}`],
        manifest: image,
        config: { digest: image.manifest.config.digest, content: config },
        layers: image.manifest.layers,
        sourceOf: (layer) => ({
          kind: 'stream',
          write: (file, layerSignal) => session.blob(layer, file, layerSignal),
        }),
        downloads: this.#downloads.get(reference.domain),
        onLayer: (layer, bytes) => meter.layer(layer, bytes),
      },
      signal,
    );
  }

  /** Follows indexes to the manifest for this machine. */
  async #imageManifest(
    session: RegistrySession,
    top: FetchedManifest,
    origin: string,
    signal: AbortSignal,
  ): Promise<ImageManifest> {
    let fetched = top;
    for (let depth = 0; depth <= MAX_INDEX_DEPTH; depth += 1) {
      const manifest = parseManifest(
        fetched.content,
        fetched.mediaType,
        `manifest ${fetched.digest} of ${origin}`,
      );
      if (manifest.kind === 'image') return { ...fetched, manifest };
      const entry = selectPlatform(manifest.entries, this.#options.platform, origin);
      fetched = await session.manifest(entry.digest, signal);
      if (fetched.content.length !== entry.size) {
        throw refused(
          `manifest ${entry.digest} of ${origin} has ${String(fetched.content.length)} bytes instead of ${String(entry.size)}`,
        );
      }
    }
    throw refused(`${origin} is an index of indexes, more than ${String(MAX_INDEX_DEPTH)} deep`);
  }
}

const tagsOf = ({ target, text }: NameReference): readonly string[] => (target.kind === 'tag' ? [text] : []);

const union = (a: readonly string[], b: readonly string[]): readonly string[] => [...new Set([...a, ...b])];
