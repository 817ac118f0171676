import { constants, open } from 'node:fs';
import { promisify } from 'node:util';
import { errnoCode } from '@crihub/kernel';
import { mknodSync } from '@crihub/linux/sync';

const { O_NONBLOCK, O_RDONLY, O_WRONLY, S_IFIFO } = constants;
// Not that of fs/promises: a FileHandle closes its descriptor when it is collected.
const openDescriptor = promisify(open);

/** Makes a FIFO; one that is there is kept. It is one entry of a directory, so it does not hold the event loop. */
export function makeFifo(path: string): void {
  try {
    mknodSync(path, S_IFIFO | 0o600);
  } catch (error) {
    if (errnoCode(error) !== 'EEXIST') throw error;
  }
}

/**
 * A descriptor of the reading end, at once, whether or not somebody writes. Reading ends when the last
 * writer has closed; until the first one comes it waits. @throws ENOENT
 */
export const openReadingEnd = (path: string): Promise<number> => openDescriptor(path, O_RDONLY | O_NONBLOCK);

/** A descriptor of the writing end. @throws ENXIO if nobody reads, ENOENT */
export const openWritingEnd = (path: string): Promise<number> => openDescriptor(path, O_WRONLY | O_NONBLOCK);
