import { z } from 'zod';
import { type Digest, isDigest } from './digest.ts';
import type { ImageConfig } from './image-config.ts';

/** A layer of an image, lowest first in the image's list. */
export interface ImageLayer {
  /** Of the uncompressed archive: names the unpacked layer. */
  readonly diffId: Digest;
  /** Of the blob as distributed. */
  readonly digest: Digest;
  /** Bytes of that blob. */
  readonly size: number;
}

/** What the store writes down about an image. Values are never changed, only replaced. */
export interface ImageRecord {
  /** The digest of its config. */
  readonly id: Digest;
  /** Canonical names with tag: `docker.io/library/nginx:1.27`. */
  readonly repoTags: readonly string[];
  /** Canonical names with the digest that the registry gave for them, of an index or a manifest. */
  readonly repoDigests: readonly string[];
  readonly manifestDigest: Digest;
  /** Bytes of manifest, config and layers as distributed. */
  readonly size: number;
  readonly config: ImageConfig;
  readonly layers: readonly ImageLayer[];
  /** Nanoseconds since 1970. */
  readonly pulledAtNs: bigint;
}

/** An image as others see it. */
export interface Image extends ImageRecord {
  /** Never to be collected as garbage, by the node's configuration. */
  readonly pinned: boolean;
  /** The unpacked layers, lowest first; each is an overlayfs layer. */
  readonly layerDirectories: readonly string[];
}

const digest = z.custom<Digest>(
  (value) => typeof value === 'string' && isDigest(value),
  'not a sha256 digest',
);
const names = z.array(z.string());

const configSchema = z.object({
  platform: z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() }),
  created: z.string().optional(),
  user: z.string(),
  env: names,
  entrypoint: names,
  cmd: names,
  workingDir: z.string(),
  stopSignal: z.string().optional(),
  volumes: names,
  exposedPorts: names,
  labels: z.record(z.string(), z.string()),
});

const recordSchema = z.object({
  version: z.literal(1),
  id: digest,
  repoTags: names,
  repoDigests: names,
  manifestDigest: digest,
  size: z.int().nonnegative(),
  config: configSchema,
  layers: z.array(z.object({ diffId: digest, digest, size: z.int().nonnegative() })),
  pulledAtNs: z.string().regex(/^\d+$/),
});

export const encodeRecord = (record: ImageRecord): string =>
  JSON.stringify({ version: 1, ...record, pulledAtNs: String(record.pulledAtNs) });

/** @throws if the text is not a record of this version. */
export function decodeRecord(text: string): ImageRecord {
  const { version: _version, config, pulledAtNs, ...rest } = recordSchema.parse(JSON.parse(text));
  return {
    ...rest,
    config: {
      ...config,
      platform: { variant: undefined, ...config.platform },
      created: config.created,
      stopSignal: config.stopSignal,
    },
    pulledAtNs: BigInt(pulledAtNs),
  };
}
