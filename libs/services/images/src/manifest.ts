import { RuntimeError } from '@crihub/kernel';
import { z } from 'zod';
import { unsupported } from './content-error.ts';
import { type Digest, isDigest } from './digest.ts';
import { check, parseJson } from './document.ts';
import { describePlatform, type Platform, platformDistance } from './platform.ts';

/** Media types of the OCI image spec 1.1 and of Docker's schema 2. */
export const MediaType = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
} as const;

export const MANIFEST_TYPES: readonly string[] = [
  MediaType.ociIndex,
  MediaType.ociManifest,
  MediaType.dockerList,
  MediaType.dockerManifest,
];

/** Largest manifest or config that is read, in bytes; the distribution spec asks for at least 4 MiB. */
export const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;
// The kernel stacks at most 500 lower directories (fs/overlayfs OVL_MAX_STACK).
const MAX_LAYERS = 500;

const digestSchema = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value), {
  error: (issue) => `"${String(issue.input).slice(0, 100)}" is not a sha256 digest`,
});

const descriptorSchema = z.object({
  mediaType: z.string().optional(),
  digest: digestSchema,
  size: z.int().nonnegative(),
  annotations: z.record(z.string(), z.string()).nullish(),
});

const indexEntrySchema = descriptorSchema.extend({
  platform: z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() }).nullish(),
});

const manifestSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  config: descriptorSchema,
  layers: z.array(descriptorSchema).max(MAX_LAYERS),
});

const indexSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  manifests: z.array(indexEntrySchema),
});

/** A blob by content: where it is named, what it holds and how long it is. */
export type Descriptor = z.infer<typeof descriptorSchema>;
export type IndexEntry = z.infer<typeof indexEntrySchema>;

export type Manifest =
  | { readonly kind: 'image'; readonly config: Descriptor; readonly layers: readonly Descriptor[] }
  | { readonly kind: 'index'; readonly entries: readonly IndexEntry[] };

/**
 * Reads a manifest or an index. `origin` names it in errors.
 * @throws FailedPrecondition if it is malformed, Unimplemented if it is of a kind that is not an image.
 */
export function parseManifest(content: Uint8Array, mediaType: string | undefined, origin: string): Manifest {
  const document = parseJson(content, origin);
  if (typeof document === 'object' && document !== null && 'schemaVersion' in document) {
    if (document.schemaVersion === 1) {
      throw unsupported(`${origin} is in Docker's schema 1, which is obsolete: push the image again`);
    }
  }
  if (isIndex(document, mediaType)) {
    const { manifests } = check(indexSchema, document, origin);
    return { kind: 'index', entries: manifests };
  }
  const manifest = check(manifestSchema, document, origin);
  const type = manifest.config.mediaType;
  if (type !== undefined && type !== MediaType.ociConfig && type !== MediaType.dockerConfig) {
    throw unsupported(
      `${origin} is an artifact of type ${manifest.artifactType ?? type}, not a container image`,
    );
  }
  manifest.layers.forEach((layer) => checkLayerType(layer, origin));
  return { kind: 'image', config: manifest.config, layers: manifest.layers };
}

/**
 * The entry of an index that suits this platform best.
 * @throws NotFound listing the platforms that there are.
 */
export function selectPlatform(entries: readonly IndexEntry[], wanted: Platform, origin: string): IndexEntry {
  const ranked = entries
    .map((entry) => ({ entry, distance: entryDistance(entry, wanted) }))
    .filter((ranked): ranked is { entry: IndexEntry; distance: number } => ranked.distance !== undefined)
    .sort((a, b) => a.distance - b.distance);
  if (ranked[0] !== undefined) return ranked[0].entry;
  const offered = entries
    .map(({ platform }) => (platform ? describePlatform(platform) : 'unnamed'))
    .join(', ');
  throw new RuntimeError(
    'NotFound',
    `${origin} has no image for ${describePlatform(wanted)}; it has ${offered || 'none at all'}`,
  );
}

function isIndex(document: unknown, mediaType: string | undefined): boolean {
  if (typeof document !== 'object' || document === null) return false;
  // The document's own claim counts before the server's: the digest covers only the former.
  const claimed = 'mediaType' in document ? document.mediaType : mediaType;
  if (claimed === MediaType.ociIndex || claimed === MediaType.dockerList) return true;
  return 'manifests' in document && !('config' in document);
}

/** Entries without a platform come last: they may still be the only image. */
const entryDistance = (entry: IndexEntry, wanted: Platform): number | undefined =>
  entry.platform ? platformDistance(wanted, entry.platform) : Number.MAX_SAFE_INTEGER;

function checkLayerType({ mediaType, digest }: Descriptor, origin: string): void {
  if (mediaType === undefined) return;
  if (/\+encrypted$/.test(mediaType)) {
    throw unsupported(`layer ${digest} of ${origin} is encrypted, which crihub can't read`);
  }
  if (/foreign|nondistributable/.test(mediaType)) {
    throw unsupported(`layer ${digest} of ${origin} is not distributed by registries (${mediaType})`);
  }
  if (!/^application\/vnd\.(oci\.image\.layer\.v1\.tar|docker\.image\.rootfs\.diff\.tar)/.test(mediaType)) {
    throw unsupported(`layer ${digest} of ${origin} has the unknown type ${mediaType.slice(0, 100)}`);
  }
}
