/** Makes tar archives for tests, also such as no archiver would write. */

export interface RawEntry {
  readonly name: string;
  readonly type?: string;
  readonly content?: string | Buffer;
  readonly linkName?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly major?: number;
  readonly minor?: number;
  /** The size that the header claims, if not the content's. */
  readonly size?: number;
  /** PAX records that come before the entry. */
  readonly pax?: Readonly<Record<string, string | Buffer>>;
}

const END = Buffer.alloc(1024);

export const file = (
  name: string,
  content: string | Buffer = name,
  more: Partial<RawEntry> = {},
): RawEntry => ({
  name,
  content,
  ...more,
});
export const directory = (name: string, more: Partial<RawEntry> = {}): RawEntry => ({
  name,
  type: '5',
  mode: 0o755,
  ...more,
});
export const symlink = (name: string, linkName: string): RawEntry => ({
  name,
  linkName,
  type: '2',
  mode: 0o777,
});
export const hardlink = (name: string, linkName: string): RawEntry => ({ name, linkName, type: '1' });
export const device = (name: string, major: number, minor: number): RawEntry => ({
  name,
  type: '3',
  major,
  minor,
  mode: 0o666,
});

export const tar = (...entries: readonly RawEntry[]): Buffer =>
  Buffer.concat([...entries.map(rawEntry), END]);

/** One entry with its headers and padding, without the end of the archive. */
export function rawEntry(entry: RawEntry): Buffer {
  const content = Buffer.from(entry.content ?? '');
  const blocks = [header({ ...entry, size: entry.size ?? content.length }), padded(content)];
  if (entry.pax === undefined) return Buffer.concat(blocks);
  const records = Buffer.concat(Object.entries(entry.pax).map(([key, value]) => paxRecord(key, value)));
  return Buffer.concat([rawEntry({ name: 'pax', type: 'x', content: records }), ...blocks]);
}

function paxRecord(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function header(entry: RawEntry): Buffer {
  const block = Buffer.alloc(512);
  block.write(entry.name, 0, 100, 'latin1');
  octal(block, 100, 8, entry.mode ?? 0o644);
  octal(block, 108, 8, entry.uid ?? 0);
  octal(block, 116, 8, entry.gid ?? 0);
  octal(block, 124, 12, entry.size ?? 0);
  octal(block, 136, 12, entry.mtime ?? 1_700_000_000);
  block.write(entry.type ?? '0', 156, 1, 'latin1');
  block.write(entry.linkName ?? '', 157, 100, 'latin1');
  block.write('ustar\0' + '00', 257, 8, 'latin1');
  octal(block, 329, 8, entry.major ?? 0);
  octal(block, 337, 8, entry.minor ?? 0);
  block.fill(0x20, 148, 156);
  octal(
    block,
    148,
    8,
    block.reduce((sum, byte) => sum + byte, 0),
  );
  return block;
}

function octal(block: Buffer, offset: number, length: number, value: number): void {
  const text = value.toString(8);
  if (text.length < length) {
    block.write(`${text.padStart(length - 1, '0')}\0`, offset, length, 'latin1');
    return;
  }
  // GNU's base-256 for what does not fit.
  for (let index = length - 1, rest = BigInt(value); index >= 0; index -= 1, rest >>= 8n) {
    block[offset + index] = Number(rest & 0xffn);
  }
  block[offset] = (block[offset] ?? 0) | 0x80;
}

const padded = (content: Buffer): Buffer =>
  Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
