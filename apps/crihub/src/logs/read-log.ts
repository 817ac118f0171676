import { type FileHandle, open, stat } from 'node:fs/promises';
import { errnoCode, sleep } from '@crihub/kernel';
import { tailOffset } from './tail-offset.ts';

export interface ReadOptions {
  /** Entries from the end to begin with; all if absent. */
  readonly tail?: number | undefined;
  /** Asked now and then; what was written before it is true is still read. One reads to the end only once. */
  readonly hasEnded: () => Promise<boolean>;
}

const CHUNK_BYTES = 64 * 1024;
const POLL_MS = 100;

/**
 * A log file's content as it grows, through rotation (another file takes its name) and truncation, until
 * the writer has ended.
 */
export async function* readLog(path: string, { tail, hasEnded }: ReadOptions): AsyncGenerator<Buffer> {
  let file = await open(path);
  try {
    let position = tail === undefined ? 0 : await tailOffset(file, tail);
    for (;;) {
      const [ended, current] = await Promise.all([hasEnded(), inodeOf(path)]);
      const { ino, size } = await file.stat();
      if (size < position) position = 0;
      for await (const chunk of chunksFrom(file, position)) {
        position += chunk.length;
        yield chunk;
      }
      if (current !== undefined && current !== ino) {
        await file.close();
        file = await open(path);
        position = 0;
      } else if (ended) return;
      else await sleep(POLL_MS);
    }
  } finally {
    await file.close();
  }
}

async function* chunksFrom(file: FileHandle, start: number): AsyncGenerator<Buffer> {
  for (let position = start; ;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Nothing in the moment of a rotation when no file has the name. */
async function inodeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).ino;
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
