/** A frame that a client sent (RFC 6455, 5.2), unmasked. */
export interface WebSocketFrame {
  readonly opcode: 'continuation' | 'text' | 'binary' | 'close' | 'ping' | 'pong';
  readonly payload: Buffer;
  /** Where the next one begins. */
  readonly end: number;
}

const OPCODES = new Map<number, WebSocketFrame['opcode']>([
  [0x0, 'continuation'],
  [0x1, 'text'],
  [0x2, 'binary'],
  [0x8, 'close'],
  [0x9, 'ping'],
  [0xa, 'pong'],
]);
const LENGTH_IN_16_BITS = 126;
const LENGTH_IN_64_BITS = 127;
const MASK_BYTES = 4;

/** @throws RangeError if the last frame is not whole. */
export function readWebSocketFrames(bytes: Buffer): readonly WebSocketFrame[] {
  const frames: WebSocketFrame[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const opcode = OPCODES.get(bytes.readUInt8(offset) & 0x0f);
    if (opcode === undefined) throw new RangeError(`no frame begins at byte ${String(offset)}`);
    const { length, lengthBytes } = payloadLength(bytes, offset + 1);
    const maskAt = offset + 1 + lengthBytes;
    const payloadAt = maskAt + MASK_BYTES;
    offset = payloadAt + length;
    if (offset > bytes.length) throw new RangeError('the last frame is not whole');
    const mask = bytes.subarray(maskAt, payloadAt);
    const payload = bytes
      .subarray(payloadAt, offset)
      .map((byte, index) => byte ^ (mask[index % MASK_BYTES] ?? 0));
    frames.push({ opcode, payload: Buffer.from(payload), end: offset });
  }
  return frames;
}

function payloadLength(bytes: Buffer, at: number): { readonly length: number; readonly lengthBytes: number } {
  const short = bytes.readUInt8(at) & 0x7f;
  if (short === LENGTH_IN_16_BITS) return { length: bytes.readUInt16BE(at + 1), lengthBytes: 3 };
  if (short === LENGTH_IN_64_BITS) return { length: Number(bytes.readBigUInt64BE(at + 1)), lengthBytes: 9 };
  return { length: short, lengthBytes: 1 };
}
