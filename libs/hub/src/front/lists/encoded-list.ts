import { EncodedResponse } from '../server/index.ts';

/** Tag of `repeated Message items = 1`: field 1, length-delimited. */
const FIELD_1 = 0x0a;
/** Records in one message of a streamed list: well below every client's receive limit. */
const CHUNK = 500;

/**
 * List answers made of records that are encoded once: a record is immutable, so its bytes are kept for as
 * long as it is, and listing hundreds of them is a concatenation.
 */
export class EncodedList<Row extends object> {
  readonly #encode: (row: Row) => Uint8Array;
  readonly #encoded = new WeakMap<Row, Buffer>();

  /** @param encode makes one item of the response's field 1. */
  constructor(encode: (row: Row) => Uint8Array) {
    this.#encode = encode;
  }

  /** The whole list as one response. */
  response(rows: Iterable<Row>): EncodedResponse {
    return new EncodedResponse(Buffer.concat([...rows].map((row) => this.#item(row))));
  }

  /** The list in several responses, for the streaming RPCs; each item exactly once. */
  *chunks(rows: Iterable<Row>): Generator<EncodedResponse> {
    const all = [...rows];
    for (let start = 0; start < all.length; start += CHUNK)
      yield this.response(all.slice(start, start + CHUNK));
  }

  #item(row: Row): Buffer {
    let item = this.#encoded.get(row);
    if (item === undefined) {
      const message = this.#encode(row);
      item = Buffer.concat([Buffer.from([FIELD_1]), varint(message.length), message]);
      this.#encoded.set(row, item);
    }
    return item;
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
