import { silentLogger, systemClock } from '@crihub/kernel';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hexOf } from '../digest.ts';
import { ImageStore } from '../image-store.ts';
import { buildImage, type BuiltImage, describe as descriptor, json } from '../testing/image-builder.ts';
import { file, hardlink, type RawEntry, symlink, tar } from '../testing/tar-builder.ts';

let root: string;
let store: ImageStore;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'crihub-load-'));
  store = new ImageStore(
    { root: join(root, 'store'), synchronise: false },
    { logger: silentLogger, clock: systemClock },
  );
  await store.open();
});
afterEach(async () => {
  await store.close();
  rmSync(root, { recursive: true });
});

const layers = [tar(file('low', 'low')), tar(file('top', 'x'.repeat(100_000)))];
const image = buildImage({ layers, config: { Cmd: ['sh'] } });

function dockerArchive(
  blobs: readonly Buffer[] = layers,
  tags: readonly string[] = ['app:v1', 'quay.io/x/app:v1'],
): RawEntry[] {
  const names = blobs.map((_blob, index) => `${String(index)}/layer.tar`);
  const manifest = [{ Config: 'config.json', RepoTags: tags, Layers: names }];
  return [
    ...blobs.map((blob, index) => file(names[index] ?? '', blob)),
    file('config.json', image.config),
    file('manifest.json', json(manifest)),
  ];
}

function ociLayout(built: BuiltImage, annotations: Record<string, string>): RawEntry[] {
  const blobs = [...built.blobs.values(), built.manifest];
  return [
    file('oci-layout', '{"imageLayoutVersion":"1.0.0"}'),
    file(
      'index.json',
      json({
        schemaVersion: 2,
        manifests: [{ ...descriptor(built.manifest, built.mediaType), annotations }],
      }),
    ),
    ...blobs.map((blob) => file(`blobs/sha256/${hexOf(descriptor(blob, '').digest)}`, blob)),
  ];
}

async function load(
  entries: readonly RawEntry[],
  compress = (archive: Buffer): Buffer => archive,
): Promise<void> {
  const path = join(root, 'archive.tar');
  writeFileSync(path, compress(tar(...entries)));
  await store.load(path);
}

function expectLoaded(...tags: string[]): void {
  const loaded = store.get(image.id);
  expect(loaded).toMatchObject({ repoTags: tags, repoDigests: [], config: { cmd: ['sh'] } });
  expect(readFileSync(join(loaded?.layerDirectories[0] ?? '', 'low'), 'utf8')).toBe('low');
  expect(readdirSync(join(root, 'store', 'tmp'))).toEqual([]);
}

describe('a docker-archive', () => {
  const tags = ['docker.io/library/app:v1', 'quay.io/x/app:v1'];

  test.each([
    ['plain', (archive: Buffer) => archive],
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('%s', async (_name, compress) => {
    await load(dockerArchive(), compress);
    expectLoaded(...tags);
    for (const layer of store.get(image.id)?.layers ?? []) {
      expect(layer.digest).toBe(layer.diffId);
      expect(readFileSync(store.blobPath(layer.digest) ?? '').length).toBe(layer.size);
    }
  });

  test('with layers that are compressed', async () => {
    await load(dockerArchive(layers.map((layer) => gzipSync(layer))));
    expectLoaded(...tags);
  });

  test('with layers that are links to others', async () => {
    const twice = buildImage({ layers: [layers[0] ?? Buffer.alloc(0), layers[0] ?? Buffer.alloc(0)] });
    const manifest = [{ Config: 'c', RepoTags: null, Layers: ['a/layer.tar', 'b/layer.tar'] }];
    for (const link of [symlink('b/layer.tar', '../a/layer.tar'), hardlink('b/layer.tar', 'a/layer.tar')]) {
      await load([
        file('a/layer.tar', layers[0]),
        link,
        file('c', twice.config),
        file('manifest.json', json(manifest)),
      ]);
      expect(store.get(twice.id)?.layerDirectories).toHaveLength(2);
      await store.remove(twice.id, { isInUse: () => false });
    }
  });

  test('as a stream', async () => {
    const archive = tar(...dockerArchive());
    const pieces = Array.from({ length: Math.ceil(archive.length / 5000) }, (_, i) =>
      archive.subarray(i * 5000, (i + 1) * 5000),
    );
    await store.load(Readable.from(pieces));
    expectLoaded(...tags);
  });

  test('again does nothing more', async () => {
    await load(dockerArchive());
    await load(dockerArchive());
    expectLoaded(...tags);
  });
});

describe('an OCI image layout', () => {
  test.each([
    [
      "containerd's name",
      { 'io.containerd.image.name': 'docker.io/library/app:v1' },
      ['docker.io/library/app:v1'],
    ],
    ['a whole name', { 'org.opencontainers.image.ref.name': 'quay.io/x/app:v2' }, ['quay.io/x/app:v2']],
    ['a bare tag, which names nothing', { 'org.opencontainers.image.ref.name': 'latest' }, []],
  ])('with %s', async (_sentence, annotations, tags) => {
    await load(ociLayout(image, annotations));
    expectLoaded(...tags);
    expect(store.get(image.id)?.manifestDigest).toBe(image.manifestDigest);
  });

  test('for another platform only', async () => {
    const foreign = buildImage({ layers, platform: { os: 'linux', architecture: 's390x' } });
    await expect(load(ociLayout(foreign, {}))).rejects.toThrow('is for linux/s390x');
  });
});

describe('is refused, and leaves nothing', () => {
  test.each<[string, RawEntry[], string]>([
    [
      'an archive of something else',
      [file('README', 'x')],
      'neither a docker-archive nor an OCI image layout',
    ],
    [
      'a layer that is not the one of the config',
      dockerArchive([layers[0] ?? Buffer.alloc(0), tar(file('evil'))]),
      'wants',
    ],
    ['too few layers', dockerArchive([layers[0] ?? Buffer.alloc(0)]), 'disagree on the number of layers'],
    ['a layer that is missing', dockerArchive().slice(1), 'has no file'],
    ['links in a circle', [symlink('manifest.json', 'a'), symlink('a', 'manifest.json')], 'has no file'],
    ['a device', [{ name: 'x', type: '3' }], 'which is not a file'],
    ['a path that climbs', [file('../x')], 'leaves the layer'],
    ['a name that is none', dockerArchive(layers, ['No Name']), 'is not valid'],
    ['a name by digest', dockerArchive(layers, [`app@${image.id}`]), 'which has no tag'],
    [
      'a blob with another content',
      ociLayout(image, {}).map((entry) =>
        entry.content === image.config ? { ...entry, content: json({ evil: true }) } : entry,
      ),
      'another content than its name says',
    ],
  ])('%s', async (_sentence, entries, why) => {
    await expect(load(entries)).rejects.toThrow(why === 'wants' ? /digest|bytes/ : why);
    for (const part of ['images', 'layers', 'tmp', 'blobs/sha256']) {
      expect(readdirSync(join(root, 'store', part)), part).toEqual([]);
    }
  });

  test('a stream that fails in the middle', async () => {
    const archive = tar(...dockerArchive());
    async function* broken(): AsyncGenerator<Buffer> {
      yield archive.subarray(0, 50_000);
      await Promise.resolve();
      throw new Error('the cable is out');
    }
    await expect(store.load(Readable.from(broken()))).rejects.toThrow('the cable is out');
    expect(readdirSync(join(root, 'store', 'tmp'))).toEqual([]);
  });
});
