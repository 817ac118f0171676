import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { zstdCompressSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { imageArchive } from './image-archive.ts';
import type { DockerLayer } from './docker-images.ts';
import { tarHeader } from './tar-header.ts';

const layer = (compression: DockerLayer['compression'], bytes: Buffer): DockerLayer => ({
  compression,
  size: bytes.length,
  open: () => Readable.from([bytes]),
});

async function unpack(archive: Readable): Promise<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  for await (const entry of archive.pipe(extract())) {
    files[entry.header.name] = (await buffer(entry)).toString();
  }
  return files;
}

describe('an image for the engine', () => {
  it('is what docker save writes, with layers of zstd made plain', async () => {
    const layers = [
      layer('none', Buffer.from('lower')),
      layer('zstd', zstdCompressSync('upper'.repeat(1000))),
    ];
    const files = await unpack(imageArchive({ config: Buffer.from('{}'), layers }, 'name:tag'));
    expect(files).toEqual({
      'manifest.json': JSON.stringify([
        { Config: 'config.json', RepoTags: ['name:tag'], Layers: ['layer-0.tar', 'layer-1.tar'] },
      ]),
      'config.json': '{}',
      'layer-0.tar': 'lower',
      'layer-1.tar': 'upper'.repeat(1000),
    });
  });

  it('fails if a layer is not as long as it should be', async () => {
    const short = { ...layer('none', Buffer.from('lower')), size: 6 };
    const archive = imageArchive({ config: Buffer.from('{}'), layers: [short] }, 'name:tag');
    await expect(buffer(archive)).rejects.toMatchObject({ kind: 'Internal' });
  });
});

describe('the header of a file', () => {
  it.each([0, 1, 0o77777777777, 0o77777777777 + 1, 2 ** 45])('holds a size of %d', async (size) => {
    const reader = extract();
    const header = new Promise<number | undefined>((resolve) => {
      reader.once('entry', ({ size: found }) => resolve(found));
    });
    reader.write(tarHeader({ name: 'file', size }));
    expect(await header).toBe(size);
    reader.destroy();
  });
});
