import { readControlFrame } from './control-payload.ts';
import { type DataPiece, FLAG_FIN, type Frame, FRAME_HEADER_BYTES, SPDY_VERSION } from './frames.ts';
import { HeaderInflater } from './header-block.ts';
import { ProtocolError } from './protocol-error.ts';

/** Of a control frame's payload; the kubelet's are below 300 bytes. Data is never gathered. */
const MAX_CONTROL_BYTES = 64 * 1024;

/** What is being read: a frame's head, the payload of a control frame, or that of a data frame. */
type Reading =
  | { readonly part: 'head' }
  | { readonly part: 'control'; readonly type: number; readonly flags: number; readonly length: number }
  | { readonly part: 'data'; readonly streamId: number; readonly fin: boolean; left: number };

/** Cuts the bytes of one direction of a connection into frames. Data is passed on as it arrives. */
export class FrameParser {
  readonly #inflater = new HeaderInflater();
  #reading: Reading = { part: 'head' };
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;

  /**
   * The frames that these bytes complete. Iterate to the end before the next call.
   * @throws ProtocolError for what is not SPDY/3; nothing can be parsed after it.
   */
  *parse(bytes: Buffer): Generator<Frame> {
    let left = bytes;
    for (;;) {
      if (this.#reading.part === 'data') {
        const piece = this.#dataPiece(this.#reading, left);
        if (piece === undefined) return;
        left = left.subarray(piece.payload.length);
        yield piece;
        continue;
      }
      const wanted = this.#reading.part === 'head' ? FRAME_HEADER_BYTES : this.#reading.length;
      const taken = left.subarray(0, wanted - this.#gatheredBytes);
      left = left.subarray(taken.length);
      this.#gathered.push(taken);
      this.#gatheredBytes += taken.length;
      if (this.#gatheredBytes < wanted) return;
      const frame = this.#complete(this.#reading, Buffer.concat(this.#gathered));
      this.#gathered = [];
      this.#gatheredBytes = 0;
      if (frame !== undefined) yield frame;
    }
  }

  #dataPiece(frame: Reading & { readonly part: 'data' }, bytes: Buffer): DataPiece | undefined {
    if (bytes.length === 0 && frame.left > 0) return undefined;
    const payload = bytes.subarray(0, frame.left);
    frame.left -= payload.length;
    const ended = frame.left === 0;
    if (ended) this.#reading = { part: 'head' };
    return { type: 'data', streamId: frame.streamId, payload, fin: ended && frame.fin };
  }

  #complete(reading: Exclude<Reading, { part: 'data' }>, bytes: Buffer): Frame | undefined {
    if (reading.part === 'head') {
      this.#reading = readHead(bytes);
      return undefined;
    }
    this.#reading = { part: 'head' };
    return readControlFrame(reading, bytes, this.#inflater);
  }
}

function readHead(head: Buffer): Reading {
  const flags = head[4] ?? 0;
  const length = head.readUIntBE(5, 3);
  const isControl = ((head[0] ?? 0) & 0x80) !== 0;
  if (!isControl) {
    const streamId = head.readUInt32BE();
    if (streamId === 0) throw new ProtocolError('data for stream 0');
    return { part: 'data', streamId, fin: (flags & FLAG_FIN) !== 0, left: length };
  }
  const version = head.readUInt16BE() & 0x7fff;
  if (version !== SPDY_VERSION) throw new ProtocolError(`a frame of SPDY version ${String(version)}`);
  if (length > MAX_CONTROL_BYTES) throw new ProtocolError(`a control frame of ${String(length)} bytes`);
  return { part: 'control', type: head.readUInt16BE(2), flags, length };
}
