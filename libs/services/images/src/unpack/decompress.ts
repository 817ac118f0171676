import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { unsupported } from '../content-error.ts';
import { splitZstdFrames } from './zstd-frames.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

const OUTPUT_BYTES = 256 * 1024;
const BUFFERED_BYTES = 1024 * 1024;

/** Tells the compression by the first bytes, since media types are often wrong. */
export function detectCompression(start: Buffer): Compression {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip';
  if (start.length >= 4) {
    const magic = start.readUInt32LE(0);
    // The second is a skippable frame, which may come first.
    if (magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50) return 'zstd';
    if (start.toString('latin1', 0, 3) === 'BZh') throw unsupported('the archive is compressed by bzip2');
    if (start.toString('latin1', 1, 4) === '7zX') throw unsupported('the archive is compressed by xz');
  }
  return 'none';
}

/**
 * Feeds `consume` with the decompressed content of `source`, or the content as it is if it must be `plain`. Errors of the decompressor pass through; see
 * `isDecompressionError`.
 */
export async function decompress(
  source: AsyncIterable<Buffer>,
  consume: (chunks: AsyncIterable<Buffer>) => Promise<void>,
  { signal, plain = false }: { readonly signal: AbortSignal; readonly plain?: boolean },
): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  const first = await iterator.next();
  const compression = plain || first.done === true ? 'none' : detectCompression(first.value);
  const chunks = resume(first, iterator);
  const transform = decompressor(compression);
  if (transform === undefined) await pipeline(chunks, consume, { signal });
  else
    await pipeline(compression === 'zstd' ? splitZstdFrames(chunks) : chunks, transform, consume, { signal });
}

export const isDecompressionError = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && /^(Z_|ZSTD_)/.test(String(error.code));

async function* resume(
  first: IteratorResult<Buffer>,
  iterator: AsyncIterator<Buffer>,
): AsyncGenerator<Buffer> {
  for (let next = first; next.done !== true; next = await iterator.next()) yield next.value;
}

/** It keeps working in the thread pool while its reader is busy. */
function decompressor(compression: Compression): Transform | undefined {
  const options = { chunkSize: OUTPUT_BYTES, readableHighWaterMark: BUFFERED_BYTES };
  switch (compression) {
    case 'none':
      return undefined;
    case 'gzip':
      return createGunzip(options);
    case 'zstd':
      return createZstdDecompress(options);
  }
}
