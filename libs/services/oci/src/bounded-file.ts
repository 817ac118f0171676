import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/**
 * The text of a regular file. A FIFO or a device in its place can't hold the caller up, and a last
 * component that is a symbolic link is not followed unless asked for.
 * @throws the system's error, or an Error that says what the file is instead.
 */
export async function readBoundedFile(
  path: string,
  maxBytes: number,
  { followLink = false }: { readonly followLink?: boolean } = {},
): Promise<string> {
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  await using file = await open(path, O_RDONLY | O_NONBLOCK | (followLink ? 0 : O_NOFOLLOW));
  return await readAll(file, path, maxBytes);
}

async function readAll(file: FileHandle, path: string, maxBytes: number): Promise<string> {
  const status = await file.stat();
  if (!status.isFile()) throw new Error(`${path} is not a regular file`);
  if (status.size > maxBytes) {
    throw new Error(`${path} has ${String(status.size)} bytes, more than the ${String(maxBytes)} allowed`);
  }
  const buffer = Buffer.alloc(status.size);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.toString('utf8', 0, length);
}
