import { refused, unsupported } from '../content-error.ts';
import { printable } from './byte-string.ts';
import { parsePax, paxAttributes, paxInteger, type PaxRecords, paxTime } from './pax.ts';
import { BLOCK, isZero, parseHeader, type TarHeader } from './tar-header.ts';

export type TarEntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo';

/** One member of an archive, with PAX and GNU extensions applied. */
export interface TarEntry extends Omit<TarHeader, 'flag'> {
  readonly type: TarEntryType;
  readonly attributes: ReadonlyMap<string, Buffer>;
}

/** Receives the members in order: `entry`, its payload in pieces, `end`. Throwing stops the parser. */
export interface TarSink {
  entry(entry: TarEntry): void;
  data(chunk: Buffer): void;
  end(): void;
}

type State =
  | { readonly at: 'header' }
  /** `meta` collects the payload of an extension header. */
  | { readonly at: 'payload'; left: number; readonly padding: number; readonly meta: Meta | undefined }
  | { readonly at: 'padding'; left: number }
  | { readonly at: 'trailer' };

interface Meta {
  readonly flag: string;
  readonly chunks: Buffer[];
}

const MAX_META_BYTES = 1024 * 1024;
const NO_RECORDS: PaxRecords = new Map();
const NO_ATTRIBUTES: ReadonlyMap<string, Buffer> = new Map();

const TYPES: Readonly<Record<string, TarEntryType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

/**
 * A tar archive, parsed as it arrives; synchronous, so its user decides how often to yield. What is
 * damaged or of a kind that images never hold is refused.
 */
export class TarParser {
  readonly #sink: TarSink;
  #state: State = { at: 'header' };
  #partial: Buffer = Buffer.alloc(0);
  #global: PaxRecords = NO_RECORDS;
  #pax: PaxRecords = NO_RECORDS;
  #longName: string | undefined;
  #longLink: string | undefined;

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  write(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) rest = this.#step(rest);
  }

  /** Says that all has been written. @throws FailedPrecondition if the archive ends in the middle. */
  finish(): void {
    // Some archivers leave out the two zero blocks at the end.
    const complete =
      this.#state.at === 'trailer' || (this.#state.at === 'header' && this.#partial.length === 0);
    if (!complete) throw refused('the archive is truncated: it ends in the middle of an entry');
  }

  #step(chunk: Buffer): Buffer {
    const state = this.#state;
    switch (state.at) {
      case 'header':
        return this.#collectHeader(chunk);
      case 'payload':
        return this.#payload(state, chunk);
      case 'padding': {
        const skipped = Math.min(state.left, chunk.length);
        state.left -= skipped;
        if (state.left === 0) this.#state = { at: 'header' };
        return chunk.subarray(skipped);
      }
      case 'trailer':
        if (!isZero(chunk)) throw refused('the archive has data after its end');
        return chunk.subarray(chunk.length);
    }
  }

  #collectHeader(chunk: Buffer): Buffer {
    if (this.#partial.length === 0 && chunk.length >= BLOCK) {
      this.#header(chunk.subarray(0, BLOCK));
      return chunk.subarray(BLOCK);
    }
    const taken = Math.min(BLOCK - this.#partial.length, chunk.length);
    const block = Buffer.concat([this.#partial, chunk.subarray(0, taken)]);
    this.#partial = block;
    if (block.length === BLOCK) {
      this.#partial = Buffer.alloc(0);
      this.#header(block);
    }
    return chunk.subarray(taken);
  }

  #header(block: Buffer): void {
    if (isZero(block)) {
      this.#state = { at: 'trailer' };
      return;
    }
    const header = parseHeader(block);
    if ('xgLK'.includes(header.flag)) {
      if (header.size > MAX_META_BYTES) throw refused('the archive has an extension header over 1 MiB');
      this.#startPayload(header.size, { flag: header.flag, chunks: [] });
      return;
    }
    const entry = this.#resolve(header);
    this.#pax = NO_RECORDS;
    this.#longName = undefined;
    this.#longLink = undefined;
    this.#sink.entry(entry);
    this.#startPayload(entry.size, undefined);
  }

  #startPayload(size: number, meta: Meta | undefined): void {
    const padding = (BLOCK - (size % BLOCK)) % BLOCK;
    this.#state = { at: 'payload', left: size, padding, meta };
    if (size === 0) this.#endPayload(meta, padding);
  }

  #payload(state: State & { at: 'payload' }, chunk: Buffer): Buffer {
    const part = chunk.length <= state.left ? chunk : chunk.subarray(0, state.left);
    if (state.meta === undefined) this.#sink.data(part);
    else state.meta.chunks.push(Buffer.from(part));
    state.left -= part.length;
    if (state.left === 0) this.#endPayload(state.meta, state.padding);
    return chunk.subarray(part.length);
  }

  #endPayload(meta: Meta | undefined, padding: number): void {
    this.#state = padding === 0 ? { at: 'header' } : { at: 'padding', left: padding };
    if (meta === undefined) this.#sink.end();
    else this.#applyMeta(meta.flag, Buffer.concat(meta.chunks));
  }

  #applyMeta(flag: string, payload: Buffer): void {
    if (flag === 'x') this.#pax = parsePax(payload);
    else if (flag === 'g') this.#global = new Map([...this.#global, ...parsePax(payload)]);
    else if (flag === 'L') this.#longName = untilNul(payload);
    else this.#longLink = untilNul(payload);
  }

  #resolve(header: TarHeader): TarEntry {
    const pax = this.#global.size === 0 ? this.#pax : new Map([...this.#global, ...this.#pax]);
    const name = pax.get('path') ?? this.#longName ?? header.name;
    const type = typeOf(header.flag, name, pax);
    return {
      name,
      type,
      linkName: pax.get('linkpath') ?? this.#longLink ?? header.linkName,
      mode: header.mode & 0o7777,
      uid: paxInteger(pax, 'uid') ?? header.uid,
      gid: paxInteger(pax, 'gid') ?? header.gid,
      // Other types have no payload, whatever their size field says.
      size: type === 'file' ? payloadSize(paxInteger(pax, 'size') ?? header.size, name) : 0,
      mtime: paxTime(pax, 'mtime') ?? header.mtime,
      major: header.major,
      minor: header.minor,
      attributes: pax.size === 0 ? NO_ATTRIBUTES : paxAttributes(pax),
    };
  }
}

function typeOf(flag: string, name: string, pax: PaxRecords): TarEntryType {
  const type = TYPES[flag];
  if (flag === 'S' || pax.keys().some((key) => key.startsWith('GNU.sparse.'))) {
    throw unsupported(`${printable(name)} is stored as a sparse file: make the archive without --sparse`);
  }
  if (type === undefined) {
    throw unsupported(`${printable(name)} is a tar entry of the unknown type ${printable(flag)}`);
  }
  // In v7 archives a directory is a file whose name ends with a slash.
  return type === 'file' && name.endsWith('/') ? 'directory' : type;
}

function payloadSize(size: number, name: string): number {
  if (size < 0) throw refused(`the archive is damaged: ${printable(name)} has a negative size`);
  return size;
}

function untilNul(payload: Buffer): string {
  const end = payload.indexOf(0);
  return payload.toString('latin1', 0, end < 0 ? payload.length : end);
}
