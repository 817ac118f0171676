const BLOCK = 512;
/** The largest size that eleven octal digits hold. */
const LARGEST_OCTAL = 0o77777777777;

export interface TarFile {
  /** At most 100 characters. */
  readonly name: string;
  readonly size: number;
  readonly mode?: number;
}

/** The header of a plain file (POSIX ustar; GNU's base-256 form for sizes beyond 8 GiB). */
export function tarHeader({ name, size, mode = 0o644 }: TarFile): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100);
  header.write(octal(mode, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  if (size <= LARGEST_OCTAL) header.write(octal(size, 11), 124);
  else header.writeBigUInt64BE(BigInt(size), 128);
  if (size > LARGEST_OCTAL) header[124] = 0x80;
  header.write(octal(0, 11), 136);
  header.write('        ', 148); // the checksum counts as spaces while it is made
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${octal(checksum, 6)}\0 `, 148);
  return header;
}

/** What follows a file's content up to the next header. */
export const tarPadding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);

/** The end of an archive. */
export const TAR_END = Buffer.alloc(2 * BLOCK);

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
