import { gzipSync } from 'node:zlib';
import { type Digest, digestOf } from '../digest.ts';
import { type Descriptor, MediaType } from '../manifest.ts';
import { hostPlatform, type Platform } from '../platform.ts';

export interface BuiltImage {
  readonly id: Digest;
  readonly manifest: Buffer;
  readonly manifestDigest: Digest;
  readonly mediaType: string;
  readonly config: Buffer;
  readonly layers: readonly Descriptor[];
  /** All blobs by digest: config and layers. */
  readonly blobs: ReadonlyMap<string, Buffer>;
}

export interface BuildOptions {
  /** Uncompressed archives, lowest first. */
  readonly layers: readonly Buffer[];
  readonly compress?: (archive: Buffer) => Buffer;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly platform?: Platform;
}

/** Makes an OCI image in memory. */
export function buildImage(options: BuildOptions): BuiltImage {
  const { layers, compress = gzipSync, config = {}, platform = hostPlatform() } = options;
  const compressed = layers.map((layer) => compress(layer));
  const configBlob = json({
    ...platform,
    config,
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => digestOf(layer)) },
  });
  const descriptors = compressed.map((blob) => describe(blob, `${MediaType.ociLayer}+gzip`));
  const manifest = json({
    schemaVersion: 2,
    mediaType: MediaType.ociManifest,
    config: describe(configBlob, MediaType.ociConfig),
    layers: descriptors,
  });
  return {
    id: digestOf(configBlob),
    manifest,
    manifestDigest: digestOf(manifest),
    mediaType: MediaType.ociManifest,
    config: configBlob,
    layers: descriptors,
    blobs: new Map([configBlob, ...compressed].map((blob) => [digestOf(blob), blob])),
  };
}

export interface BuiltIndex {
  readonly content: Buffer;
  readonly digest: Digest;
  readonly mediaType: string;
}

export function buildIndex(
  images: readonly { readonly image: BuiltImage; readonly platform: Platform }[],
): BuiltIndex {
  const content = json({
    schemaVersion: 2,
    mediaType: MediaType.ociIndex,
    manifests: images.map(({ image, platform }) => ({
      ...describe(image.manifest, image.mediaType),
      platform,
    })),
  });
  return { content, digest: digestOf(content), mediaType: MediaType.ociIndex };
}

export const describe = (blob: Buffer, mediaType: string): Descriptor & { readonly mediaType: string } => ({
  mediaType,
  digest: digestOf(blob),
  size: blob.length,
});

export const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
