import { RuntimeError } from '@crihub/kernel';
import { ByteQueue } from './byte-queue.ts';

/** The longest message of ttrpc, without its header. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
export const HEADER_BYTES = 10;

export const FrameType = { request: 1, response: 2, data: 3 } as const;

/** One frame of ttrpc: `length (4) | stream (4) | type (1) | flags (1) | payload`, big-endian. */
export interface Frame {
  readonly streamId: number;
  readonly type: number;
  readonly flags: number;
  readonly payload: Buffer;
}

/** @throws ResourceExhausted for a payload that no peer would take. */
export function encodeFrame({ streamId, type, flags, payload }: Frame): Buffer {
  if (payload.length > MAX_MESSAGE_BYTES)
    throw new RuntimeError(
      'ResourceExhausted',
      `a message of ${String(payload.length)} bytes is longer than ttrpc's ${String(MAX_MESSAGE_BYTES)}`,
    );
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(payload.length, 0);
  header.writeUInt32BE(streamId, 4);
  header.writeUInt8(type, 8);
  header.writeUInt8(flags, 9);
  return Buffer.concat([header, payload]);
}

/** Finds the frames in a stream of bytes, however it is cut. */
export class FrameReader {
  readonly #bytes = new ByteQueue();

  /** @throws InvalidArgument for a length that no frame may have; the stream can't be read on then. */
  push(chunk: Buffer): readonly Frame[] {
    this.#bytes.push(chunk);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): Frame | undefined {
    const header = this.#bytes.peek(HEADER_BYTES);
    if (header === undefined) return undefined;
    const length = header.readUInt32BE(0);
    if (length > MAX_MESSAGE_BYTES)
      throw new RuntimeError('InvalidArgument', `the peer sent a frame of ${String(length)} bytes`);
    const frame = this.#bytes.take(HEADER_BYTES + length);
    if (frame === undefined) return undefined;
    return {
      streamId: frame.readUInt32BE(4),
      type: frame.readUInt8(8),
      flags: frame.readUInt8(9),
      payload: frame.subarray(HEADER_BYTES),
    };
  }
}
