import { refused } from '../content-error.ts';

/** PAX extended header records; keys and values are byte strings (a character is a byte). */
export type PaxRecords = ReadonlyMap<string, string>;

/** Reads the payload of an `x` or `g` entry: `length key=value\n`, repeated (POSIX pax). */
export function parsePax(payload: Buffer): PaxRecords {
  const records = new Map<string, string>();
  let offset = 0;
  while (offset < payload.length) {
    const space = payload.indexOf(0x20, offset);
    const digits = space < 0 ? '' : payload.toString('latin1', offset, space);
    const end = offset + Number(digits);
    if (!/^[1-9]\d{0,8}$/.test(digits) || end > payload.length || payload[end - 1] !== 0x0a)
      throw malformed();
    const equals = payload.indexOf(0x3d, space);
    if (equals < 0 || equals >= end) throw malformed();
    records.set(
      payload.toString('latin1', space + 1, equals),
      payload.toString('latin1', equals + 1, end - 1),
    );
    offset = end;
  }
  return records;
}

/** A PAX value that is a whole number. */
export function paxInteger(records: PaxRecords, key: string): number | undefined {
  const value = records.get(key);
  if (value === undefined || value === '') return undefined;
  if (!/^\d{1,16}$/.test(value) || !Number.isSafeInteger(Number(value))) throw malformed();
  return Number(value);
}

/** A PAX time, in seconds with a fraction. */
export function paxTime(records: PaxRecords, key: string): number | undefined {
  const value = records.get(key);
  if (value === undefined || value === '') return undefined;
  if (!/^-?\d{1,18}(\.\d*)?$/.test(value)) throw malformed();
  return Number(value);
}

/** Extended attributes as the archivers of images write them. */
export function paxAttributes(records: PaxRecords): ReadonlyMap<string, Buffer> {
  const attributes = new Map<string, Buffer>();
  for (const [key, value] of records) {
    if (key.startsWith(SCHILY)) attributes.set(key.slice(SCHILY.length), Buffer.from(value, 'latin1'));
    else if (key.startsWith(LIBARCHIVE)) {
      const name = unescapePercent(key.slice(LIBARCHIVE.length));
      if (!attributes.has(name)) attributes.set(name, Buffer.from(value, 'base64'));
    }
  }
  return attributes;
}

const SCHILY = 'SCHILY.xattr.';
const LIBARCHIVE = 'LIBARCHIVE.xattr.';

/** libarchive writes bytes beyond printable ASCII as `%XX`. */
const unescapePercent = (text: string): string =>
  text.replace(/%([0-9a-fA-F]{2})/g, (_match, hex: string) => String.fromCharCode(parseInt(hex, 16)));

const malformed = (): Error => refused('the archive is damaged: a PAX header is malformed');
