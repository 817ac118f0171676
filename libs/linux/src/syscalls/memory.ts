import koffi from 'koffi';
import { SystemCallError } from './error.ts';
import { cLibrary } from './libc.ts';

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FAILED = 2n ** 64n - 1n;

type Mmap = (hint: null, length: number, protection: number, flags: number, fd: number, at: number) => bigint;

let mmap: Mmap | undefined;

/** mmap(2) of an open file's first bytes, shared with whoever else has them. It is never unmapped. */
export function mapShared(fd: number, length: number): Buffer {
  mmap ??= cLibrary().func('mmap', 'void *', [
    'void *',
    'unsigned long',
    'int',
    'int',
    'int',
    'long',
  ]) as Mmap;
  const address = mmap(null, length, PROT_READ_WRITE, MAP_SHARED, fd, 0);
  if (address === MAP_FAILED) throw new SystemCallError(koffi.errno(), { syscall: 'mmap' });
  return Buffer.from(koffi.view(address, length));
}
