import { refused } from '../content-error.ts';

export const BLOCK = 512;

/**
 * One header block of a tar archive (POSIX ustar, GNU and v7). Names are byte strings: each character is
 * one byte, since names need not be UTF-8.
 */
export interface TarHeader {
  readonly name: string;
  readonly linkName: string;
  /** The type flag as it stands in the block. */
  readonly flag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of payload as the header says it. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly major: number;
  readonly minor: number;
}

/** Reads a block that is not all zeros. @throws FailedPrecondition if its checksum or a number is wrong. */
export function parseHeader(block: Buffer): TarHeader {
  if (!checksumMatches(block)) throw refused('the archive is damaged: a tar header has a wrong checksum');
  // GNU's own format uses the bytes of the prefix for something else.
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isUstar ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: text(block, 157, 100),
    flag: String.fromCharCode(block[156] ?? 0),
    mode: number(block, 100, 8),
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    size: number(block, 124, 12),
    mtime: number(block, 136, 12),
    major: isDevice(block) ? number(block, 329, 8) : 0,
    minor: isDevice(block) ? number(block, 337, 8) : 0,
  };
}

/** True if a block, or any run of bytes, is all zeros. */
export function isZero(bytes: Buffer): boolean {
  for (let offset = 0; offset < bytes.length; offset += ZEROS.length) {
    const part = bytes.subarray(offset, offset + ZEROS.length);
    if (!part.equals(part.length === ZEROS.length ? ZEROS : ZEROS.subarray(0, part.length))) return false;
  }
  return true;
}

const ZEROS = Buffer.alloc(64 * 1024);
const CHECKSUM_OFFSET = 148;
const CHECKSUM_LENGTH = 8;

const isDevice = (block: Buffer): boolean => block[156] === 0x33 || block[156] === 0x34;

function checksumMatches(block: Buffer): boolean {
  let unsigned = 0;
  let signed = 0;
  for (let offset = 0; offset < BLOCK; offset += 1) {
    const inChecksum = offset >= CHECKSUM_OFFSET && offset < CHECKSUM_OFFSET + CHECKSUM_LENGTH;
    const byte = inChecksum ? 0x20 : (block[offset] ?? 0);
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const stored = number(block, CHECKSUM_OFFSET, CHECKSUM_LENGTH);
  // Old archivers summed signed bytes.
  return stored === unsigned || stored === signed;
}

function text(block: Buffer, offset: number, length: number): string {
  const end = block.indexOf(0, offset);
  return block.toString('latin1', offset, end < 0 || end > offset + length ? offset + length : end);
}

function number(block: Buffer, offset: number, length: number): number {
  if (((block[offset] ?? 0) & 0x80) !== 0) return binaryNumber(block, offset, length);
  let value = 0;
  let hasDigits = false;
  for (let index = offset; index < offset + length; index += 1) {
    const byte = block[index] ?? 0;
    if (byte >= 0x30 && byte <= 0x37) {
      value = value * 8 + byte - 0x30;
      hasDigits = true;
    } else if (byte === 0 || byte === 0x20) {
      if (hasDigits) break;
    } else {
      throw refused('the archive is damaged: a tar header holds a number that is not octal');
    }
  }
  return value;
}

/** GNU's base-256: two's complement, big endian, with the highest bit of the first byte set as a mark. */
function binaryNumber(block: Buffer, offset: number, length: number): number {
  const negative = ((block[offset] ?? 0) & 0x40) !== 0;
  let value = BigInt((block[offset] ?? 0) & 0x3f) - (negative ? 0x40n : 0n);
  for (let index = offset + 1; index < offset + length; index += 1) {
    value = value * 256n + BigInt(block[index] ?? 0);
  }
  const result = Number(value);
  if (!Number.isSafeInteger(result)) throw refused('a tar header holds a number beyond 53 bits');
  return result;
}
