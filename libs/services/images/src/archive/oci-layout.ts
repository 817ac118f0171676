import { RuntimeError } from '@crihub/kernel';
import { refused } from '../content-error.ts';
import { type Digest, digestOf, hexOf } from '../digest.ts';
import {
  type Descriptor,
  type IndexEntry,
  type Manifest,
  parseManifest,
  selectPlatform,
} from '../manifest.ts';
import { describePlatform, type Platform, platformDistance } from '../platform.ts';
import type { ArchiveMembers } from './archive-members.ts';
import type { ArchivedImage } from './archived-image.ts';

const CONTAINERD_NAME = 'io.containerd.image.name';
const OCI_NAME = 'org.opencontainers.image.ref.name';
const MAX_INDEX_DEPTH = 3;

/**
 * The images of an OCI image layout for this platform (OCI image spec, image-layout.md).
 * @throws NotFound if there are only others; FailedPrecondition if it is malformed.
 */
export async function readOciLayout(
  members: ArchiveMembers,
  origin: string,
  platform: Platform,
): Promise<ArchivedImage[]> {
  const index = parseManifest(await members.document('index.json'), undefined, `index.json of ${origin}`);
  if (index.kind !== 'index') throw refused(`index.json of ${origin} is not an index`);
  const images = new Map<Digest, ArchivedImage>();
  for (const entry of index.entries.filter((candidate) => suits(candidate, platform))) {
    const image = await readImage(members, entry, origin, platform);
    const names = [...(images.get(image.manifest.digest)?.names ?? []), ...namesOf(entry)];
    images.set(image.manifest.digest, { ...image, names });
  }
  if (images.size > 0) return [...images.values()];
  throw new RuntimeError('NotFound', `${origin} holds no image for ${describePlatform(platform)}`);
}

const suits = ({ platform }: IndexEntry, wanted: Platform): boolean =>
  !platform || platformDistance(wanted, platform) !== undefined;

async function readImage(
  members: ArchiveMembers,
  entry: Descriptor,
  origin: string,
  platform: Platform,
): Promise<ArchivedImage> {
  let descriptor = entry;
  for (let depth = 0; depth <= MAX_INDEX_DEPTH; depth += 1) {
    const content = await readBlob(members, descriptor, origin);
    const manifest: Manifest = parseManifest(
      content,
      descriptor.mediaType,
      `manifest ${descriptor.digest} of ${origin}`,
    );
    if (manifest.kind === 'image') {
      return {
        names: [],
        manifest: { digest: descriptor.digest, content },
        config: { digest: manifest.config.digest, content: await readBlob(members, manifest.config, origin) },
        layers: manifest.layers,
        fileOf: ({ digest }) => members.file(blobPath(digest)).file,
      };
    }
    descriptor = selectPlatform(manifest.entries, platform, origin);
  }
  throw refused(`${origin} is an index of indexes, more than ${String(MAX_INDEX_DEPTH)} deep`);
}

async function readBlob(
  members: ArchiveMembers,
  { digest, size }: Descriptor,
  origin: string,
): Promise<Buffer> {
  const content = await members.document(blobPath(digest));
  if (content.length !== size || digestOf(content) !== digest) {
    throw refused(`blob ${digest} of ${origin} has another content than its name says`);
  }
  return content;
}

const blobPath = (digest: Digest): string => `blobs/sha256/${hexOf(digest)}`;

/** The plain OCI annotation may be a bare tag, which names nothing. */
function namesOf({ annotations }: Descriptor): readonly string[] {
  const name = annotations?.[CONTAINERD_NAME] ?? annotations?.[OCI_NAME];
  return name !== undefined && /[/:]/.test(name) ? [name] : [];
}
