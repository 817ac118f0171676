import { close, open, read } from 'node:fs';
import { errnoCode } from '@crihub/kernel';

/** Errors by which the kernel says that it has no such number, now or at all. */
const ABSENT = new Set(['ENOENT', 'ENODEV', 'ESRCH', 'EOPNOTSUPP', 'ENOTDIR']);
const CHUNK_BYTES = 16_384;
// A list that does not fit the kernel's page comes in pieces that nearly fill it; less is the end.
const LAST_PIECE_BYTES = 2_048;

/**
 * A small file of `/proc` or `/sys`; `undefined` if it, its process or its cgroup does not exist. Such files
 * have no size, and reading them this way takes half the time of `fs.promises.readFile`.
 */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readWhole(path);
  } catch (error) {
    if (ABSENT.has(errnoCode(error) ?? '')) return undefined;
    throw error;
  }
}

async function readWhole(path: string): Promise<string> {
  const fd = await new Promise<number>((resolve, reject) => {
    open(path, 'r', (error, opened) => (error === null ? resolve(opened) : reject(error)));
  });
  try {
    const pieces: Buffer[] = [];
    for (;;) {
      const piece = await readPiece(fd);
      pieces.push(piece);
      if (piece.length < LAST_PIECE_BYTES) return Buffer.concat(pieces).toString();
    }
  } finally {
    close(fd, () => undefined); // a file that was only read has nothing to lose
  }
}

const readPiece = (fd: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    read(fd, buffer, 0, CHUNK_BYTES, null, (error, bytes) =>
      error === null ? resolve(buffer.subarray(0, bytes)) : reject(error),
    );
  });
