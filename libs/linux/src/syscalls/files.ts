import { cFunction, cString } from './libc.ts';

type Path = string | Buffer;

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;

const mknod = cFunction('mknod', ['pointer', 'unsigned int', 'unsigned long'], { pathArgument: 0 });
const lsetxattr = cFunction('lsetxattr', ['pointer', 'pointer', 'pointer', 'unsigned long', 'int'], {
  pathArgument: 0,
});
const lgetxattr = cFunction('lgetxattr', ['pointer', 'pointer', 'pointer', 'unsigned long'], {
  pathArgument: 0,
});
const llistxattr = cFunction('llistxattr', ['pointer', 'pointer', 'unsigned long'], { pathArgument: 0 });
const utimensat = cFunction('utimensat', ['int', 'pointer', 'pointer', 'int'], { pathArgument: 1 });

/**
 * Makes a device node, fifo or socket. `mode` holds the type (`fs.constants.S_IFCHR`, …) and the
 * permissions, from which the kernel takes the process's umask: chmod afterwards for exact ones.
 */
export function mknodSync(path: Path, mode: number, major = 0, minor = 0): void {
  mknod(cString(path), mode, deviceNumber(major, minor));
}

/** Sets an extended attribute of the file itself, not of what a symbolic link points to. */
export function lsetxattrSync(path: Path, name: string, value: Uint8Array): void {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  lsetxattr(cString(path), cString(name), bytes.length === 0 ? Buffer.alloc(1) : bytes, bytes.length, 0);
}

/** The value of an extended attribute; `undefined` if the file has none of that name. */
export function lgetxattrSync(path: Path, name: string): Buffer | undefined {
  try {
    return readGrowing((buffer) => lgetxattr(cString(path), cString(name), buffer, buffer.length));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENODATA') return undefined;
    throw error;
  }
}

/** The names of all extended attributes of the file itself. */
export function llistxattrSync(path: Path): readonly string[] {
  const names = readGrowing((buffer) => llistxattr(cString(path), buffer, buffer.length));
  return names.toString().split('\0').filter(Boolean);
}

/**
 * Sets the times of the file itself, not of what a symbolic link points to. A number is seconds since
 * 1970, a bigint nanoseconds, which is exact.
 */
export function lutimesSync(path: Path, accessed: number | bigint, modified: number | bigint): void {
  const times = Buffer.alloc(32);
  writeTimespec(times, 0, accessed);
  writeTimespec(times, 16, modified);
  utimensat(AT_FDCWD, cString(path), times, AT_SYMLINK_NOFOLLOW);
}

/** The kernel's and glibc's encoding of a device number (`gnu_dev_makedev`). */
export const deviceNumber = (major: number, minor: number): bigint => {
  const [a, b] = [BigInt(major), BigInt(minor)];
  return ((a & 0xfffff000n) << 32n) | ((a & 0xfffn) << 8n) | ((b & 0xffffff00n) << 12n) | (b & 0xffn);
};

function writeTimespec(target: Buffer, offset: number, time: number | bigint): void {
  const nanoseconds = typeof time === 'bigint' ? time : BigInt(Math.round(time * 1e6)) * 1_000n;
  const remainder = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  target.writeBigInt64LE((nanoseconds - remainder) / 1_000_000_000n, offset);
  target.writeBigInt64LE(remainder, offset + 8);
}

/** Calls with a small buffer first and with the largest that the kernel allows (64 KiB) if that was too small. */
function readGrowing(read: (buffer: Buffer) => number): Buffer {
  for (const size of [1024, 65_536]) {
    const buffer = Buffer.alloc(size);
    try {
      return buffer.subarray(0, read(buffer));
    } catch (error) {
      const small = error instanceof Error && 'code' in error && error.code === 'ERANGE';
      if (!small || size === 65_536) throw error;
    }
  }
  return Buffer.alloc(0);
}
