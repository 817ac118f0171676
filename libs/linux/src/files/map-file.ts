import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { mapShared } from '../syscalls/memory.ts';

/**
 * A file as memory, made if it is not there: what is put into the buffer, by this process or by the kernel on
 * its behalf, is in the file at once, and outlives the process, though not the machine. A buffer that somebody may
 * still use can't be taken back, so the mapping lasts as long as the process: map few files, and use them again.
 * @throws what the system says, such as ENOSPC: there is room for all of it, or no file.
 */
export async function mapFile(path: string, length: number): Promise<Buffer> {
  await using file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  const { size } = await file.stat();
  // A page that has no room when it is touched would end the process.
  for (let at = size; at < length;)
    at += (await file.write(Buffer.alloc(length - at), 0, null, at)).bytesWritten;
  return mapShared(file.fd, length);
}
