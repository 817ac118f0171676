import { FLAG_FIN, FRAME_HEADER_BYTES, FRAME_TYPE, SPDY_VERSION } from './frames.ts';
import { HeaderDeflater } from './header-block.ts';

/** Encodes the frames with headers that the server sends, in the order they are sent. */
export class FrameWriter {
  readonly #deflater = new HeaderDeflater();

  synReply(streamId: number): Buffer {
    return controlFrame(FRAME_TYPE.synReply, 0, [words(streamId), this.#deflater.deflate(new Map())]);
  }
}

export const rstStream = (streamId: number, status: number): Buffer =>
  controlFrame(FRAME_TYPE.rstStream, 0, [words(streamId, status)]);

export const ping = (id: number): Buffer => controlFrame(FRAME_TYPE.ping, 0, [words(id)]);

export const goAway = (lastStreamId: number, status: number): Buffer =>
  controlFrame(FRAME_TYPE.goAway, 0, [words(lastStreamId, status)]);

export const windowUpdate = (streamId: number, delta: number): Buffer =>
  controlFrame(FRAME_TYPE.windowUpdate, 0, [words(streamId, delta)]);

/** What stands before the payload of a data frame. */
export function dataHead(streamId: number, length: number, fin: boolean): Buffer {
  const head = Buffer.alloc(FRAME_HEADER_BYTES);
  head.writeUInt32BE(streamId);
  head.writeUInt8(fin ? FLAG_FIN : 0, 4);
  head.writeUIntBE(length, 5, 3);
  return head;
}

/** A control frame of any type. */
export function controlFrame(type: number, flags: number, payload: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(FRAME_HEADER_BYTES);
  head.writeUInt16BE(0x8000 | SPDY_VERSION);
  head.writeUInt16BE(type, 2);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(
    payload.reduce((sum, part) => sum + part.length, 0),
    5,
    3,
  );
  return Buffer.concat([head, ...payload]);
}

/** Big-endian 32-bit numbers, one after the other. */
export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
  return bytes;
}
