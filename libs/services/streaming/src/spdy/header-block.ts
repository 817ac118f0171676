import { constants, deflateSync, inflateRawSync } from 'node:zlib';
import { DICTIONARY } from './dictionary.ts';
import { ProtocolError } from './protocol-error.ts';

/** Header fields of a stream by lower-case name. Several values of one name are separated by NUL. */
export type HeaderFields = ReadonlyMap<string, string>;

/** Bytes of a header block when inflated; the kubelet's are below 200. */
const MAX_BLOCK_BYTES = 64 * 1024;
const MAX_FIELDS = 1000;
/** How far back deflate may refer. */
const WINDOW_BYTES = 32 * 1024;
/** The beginning of a zlib stream whose dictionary is SPDY's: two bytes, and the dictionary's checksum. */
const ZLIB_HEADER = deflateSync('', { dictionary: DICTIONARY }).subarray(0, 6);
/** An empty stored block: what a zlib "sync flush" ends with. */
const SYNC_MARK = Buffer.from([0x00, 0x00, 0x00, 0xff, 0xff]);

/**
 * Inflates the header blocks of one direction of a connection, in their order. Every block ends with a
 * sync flush, at which all that deflate remembers is its window; so each is inflated by itself.
 */
export class HeaderInflater {
  #window = DICTIONARY;
  #begun = false;

  /** @throws ProtocolError if it is no such block; the connection can't be read further. */
  inflate(block: Buffer): HeaderFields {
    const output = this.#inflate(this.#begun ? block : withoutZlibHeader(block));
    this.#begun = true;
    this.#window = Buffer.concat([this.#window, output]).subarray(-WINDOW_BYTES);
    return parseFields(output);
  }

  #inflate(deflated: Buffer): Buffer {
    try {
      return inflateRawSync(deflated, {
        dictionary: this.#window,
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: MAX_BLOCK_BYTES,
      });
    } catch (cause) {
      throw new ProtocolError(`a header block can't be inflated to ${String(MAX_BLOCK_BYTES)} bytes`, {
        cause,
      });
    }
  }
}

/** Makes header blocks of one direction, in their order. They are small, so they are stored as they are. */
export class HeaderDeflater {
  #begun = false;

  deflate(fields: HeaderFields): Buffer {
    const block = encodeFields(fields);
    const stored = Buffer.alloc(5); // a block that is not the last, and not compressed
    stored.writeUInt16LE(block.length, 1);
    stored.writeUInt16LE(~block.length & 0xffff, 3);
    const beginning = this.#begun ? [] : [ZLIB_HEADER];
    this.#begun = true;
    return Buffer.concat([...beginning, stored, block, SYNC_MARK]);
  }
}

/** The name/value block before compression (SPDY/3, 2.6.10). At most 65535 bytes can be stored. */
export function encodeFields(fields: HeaderFields): Buffer {
  const texts = [...fields].flat().map((text) => Buffer.from(text, 'latin1'));
  const parts = texts.flatMap((text) => [uint32(text.length), text]);
  return Buffer.concat([uint32(fields.size), ...parts]);
}

function parseFields(block: Buffer): HeaderFields {
  let offset = 0;
  const take = (length: number): Buffer => {
    if (block.length - offset < length) throw new ProtocolError('a header block is shorter than it says');
    offset += length;
    return block.subarray(offset - length, offset);
  };
  const count = take(4).readUInt32BE();
  if (count > MAX_FIELDS) throw new ProtocolError(`a header block says that it has ${String(count)} fields`);
  const fields = new Map<string, string>();
  for (let index = 0; index < count; index += 1) {
    const [name, value] = [take(take(4).readUInt32BE()), take(take(4).readUInt32BE())];
    // Go's side writes names as its HTTP headers have them; they are compared in lower case.
    fields.set(name.toString('latin1').toLowerCase(), value.toString('latin1'));
  }
  return fields;
}

function withoutZlibHeader(block: Buffer): Buffer {
  if (block.length < ZLIB_HEADER.length || block.readUInt16BE() % 31 !== 0 || (block[0] ?? 0) % 16 !== 8) {
    throw new ProtocolError('the first header block does not begin as a zlib stream');
  }
  const usesDictionary = ((block[1] ?? 0) & 0x20) !== 0;
  if (!usesDictionary) return block.subarray(2);
  if (!block.subarray(2, 6).equals(ZLIB_HEADER.subarray(2))) {
    throw new ProtocolError("the first header block is for another dictionary than SPDY/3's");
  }
  return block.subarray(6);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
