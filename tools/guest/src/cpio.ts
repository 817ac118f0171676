/** A member of an archive; everything belongs to root and is as old as 1970, so that equal content gives equal bytes. */
export type CpioEntry =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly content: Buffer };

const TRAILER: CpioEntry = { kind: 'file', path: 'TRAILER!!!', mode: 0, content: Buffer.alloc(0) };
const ALIGNMENT = 4;

/** An archive in the format that the kernel unpacks: `newc` of Documentation/driver-api/early-userspace. */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  return Buffer.concat([...entries, TRAILER].flatMap((entry, index) => member(entry, index + 1)));
}

function member(entry: CpioEntry, inode: number): readonly Buffer[] {
  const content = contentOf(entry);
  const name = Buffer.from(`${entry.path}\0`);
  const fields = [inode, modeOf(entry), 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return [padded(Buffer.concat([Buffer.from(header), name])), padded(content)];
}

function contentOf(entry: CpioEntry): Buffer {
  if (entry.kind === 'file') return entry.content;
  return Buffer.from(entry.kind === 'link' ? entry.target : '');
}

function modeOf(entry: CpioEntry): number {
  if (entry.kind === 'directory') return 0o040755;
  return entry.kind === 'link' ? 0o120777 : 0o100000 + entry.mode;
}

const padded = (bytes: Buffer): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT)]);
