import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { refused } from '../content-error.ts';
import { type Digest, digestOf, digestOfHex } from '../digest.ts';
import { check, parseJson } from '../document.ts';
import { parseImageConfig } from '../image-config.ts';
import { type Descriptor, MediaType } from '../manifest.ts';
import { type Compression, detectCompression } from '../unpack/decompress.ts';
import type { ArchiveFile, ArchiveMembers } from './archive-members.ts';
import type { ArchivedImage } from './archived-image.ts';

const manifestSchema = z.array(
  z.object({
    Config: z.string(),
    RepoTags: z.array(z.string()).nullish(),
    Layers: z.array(z.string()).nullish(),
  }),
);

/** The images of an archive as `docker save` writes it. @throws FailedPrecondition if it is malformed. */
export async function readDockerArchive(members: ArchiveMembers, origin: string): Promise<ArchivedImage[]> {
  const what = `manifest.json of ${origin}`;
  const entries = check(manifestSchema, parseJson(await members.document('manifest.json'), what), what);
  const images: ArchivedImage[] = [];
  for (const { Config, RepoTags, Layers } of entries) {
    const config = await members.document(Config);
    const { diffIds } = parseImageConfig(config, `${Config} of ${origin}`);
    const files = (Layers ?? []).map((path) => members.file(path));
    if (files.length !== diffIds.length)
      throw refused(`${what} and the config disagree on the number of layers`);
    const layers = await Promise.all(
      files.map((file, index) => describeLayer(file, diffIds[index] as Digest)),
    );
    const content = manifestFor(config, layers);
    images.push({
      names: RepoTags ?? [],
      manifest: { digest: digestOf(content), content },
      config: { digest: digestOf(config), content: config },
      layers,
      fileOf: (_layer, index) => (files[index] as ArchiveFile).file,
    });
  }
  return images;
}

const LAYER_SUFFIX: Readonly<Record<Compression, string>> = { none: '', gzip: '+gzip', zstd: '+zstd' };

/** Such archives don't name their layers by digest; what is not compressed has its diff id as digest. */
async function describeLayer({ file, size }: ArchiveFile, diffId: Digest): Promise<Descriptor> {
  const compression = detectCompression(await firstBytes(file));
  const digest = compression === 'none' ? diffId : await digestOfFile(file);
  return { mediaType: `${MediaType.ociLayer}${LAYER_SUFFIX[compression]}`, digest, size };
}

/** The archive has no manifest of the kind that registries know; this is one for the same content. */
function manifestFor(config: Buffer, layers: readonly Descriptor[]): Buffer {
  const digest = digestOf(config);
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MediaType.ociManifest,
      config: { mediaType: MediaType.ociConfig, digest, size: config.length },
      layers,
    }),
  );
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function digestOfFile(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return digestOfHex(hash.digest('hex'));
}
