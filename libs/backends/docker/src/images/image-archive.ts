import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { RuntimeError } from '@crihub/kernel';
import type { DockerImageParts, DockerLayer } from './docker-images.ts';
import { TAR_END, tarHeader, tarPadding } from './tar-header.ts';

/**
 * An image as `docker save` writes it (manifest.json, the config, the layers), made while it is read: what
 * is sent is never all in memory or on the disk. @param name under which the engine shall know it.
 */
export const imageArchive = (parts: DockerImageParts, name: string): Readable =>
  Readable.from(archive(parts, name), { objectMode: false });

async function* archive({ config, layers }: DockerImageParts, name: string): AsyncGenerator<Buffer> {
  const layerNames = layers.map((_layer, index) => `layer-${String(index)}.tar`);
  const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: layerNames }];
  yield* file('manifest.json', Buffer.from(JSON.stringify(manifest)));
  yield* file('config.json', config);
  for (const [index, layer] of layers.entries()) yield* layerFile(layerNames[index] ?? '', layer);
  yield TAR_END;
}

function* file(name: string, content: Buffer): Generator<Buffer> {
  yield tarHeader({ name, size: content.length });
  yield content;
  yield tarPadding(content.length);
}

/** The engine takes layers plain and gzipped, but not every one takes zstd. */
async function* layerFile(name: string, layer: DockerLayer): AsyncGenerator<Buffer> {
  const size = layer.compression === 'zstd' ? await sizeOf(plain(layer)) : layer.size;
  yield tarHeader({ name, size });
  let sent = 0;
  for await (const chunk of plain(layer) as AsyncIterable<Buffer>) {
    sent += chunk.length;
    yield chunk;
  }
  if (sent !== size) {
    const problem = `has ${String(sent)} bytes instead of ${String(size)}`;
    throw new RuntimeError('Internal', `${name} of an image for Docker Engine ${problem}`);
  }
  yield tarPadding(size);
}

function plain(layer: DockerLayer): Readable {
  const source = layer.open();
  if (layer.compression !== 'zstd') return source;
  const decompressed = createZstdDecompress();
  pipeline(source, decompressed).catch((error: unknown) => decompressed.destroy(error as Error));
  return decompressed;
}

/** A tar's header comes before its content, so the size must be found first. */
async function sizeOf(source: Readable): Promise<number> {
  let size = 0;
  const count = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      size += chunk.length;
      done();
    },
  });
  await pipeline(source, count);
  return size;
}
