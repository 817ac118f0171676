import {
  type ControlFrame,
  FLAG_FIN,
  FLAG_UNIDIRECTIONAL,
  FRAME_TYPE,
  MAX_STREAM_ID,
  SETTING_INITIAL_WINDOW,
} from './frames.ts';
import type { HeaderInflater } from './header-block.ts';
import { ProtocolError } from './protocol-error.ts';

export interface ControlFrameHead {
  readonly type: number;
  readonly flags: number;
}

/**
 * Reads a control frame's payload.
 * @returns undefined for a type that is not known, which SPDY wants ignored.
 * @throws ProtocolError if it is not as its type has it.
 */
export function readControlFrame(
  { type, flags }: ControlFrameHead,
  payload: Buffer,
  inflater: HeaderInflater,
): ControlFrame | undefined {
  const fin = (flags & FLAG_FIN) !== 0;
  switch (type) {
    case FRAME_TYPE.synStream:
      return {
        type: 'synStream',
        streamId: streamIdOf('SYN_STREAM', payload),
        // The stream it belongs to, its priority and its slot mean nothing here.
        headers: inflater.inflate(rest('SYN_STREAM', payload, 10)),
        fin,
        unidirectional: (flags & FLAG_UNIDIRECTIONAL) !== 0,
      };
    case FRAME_TYPE.synReply:
    case FRAME_TYPE.headers: {
      const name = type === FRAME_TYPE.headers ? 'HEADERS' : 'SYN_REPLY';
      const streamId = streamIdOf(name, payload);
      const headers = inflater.inflate(rest(name, payload, 4));
      return { type: type === FRAME_TYPE.headers ? 'headers' : 'synReply', streamId, headers, fin };
    }
    case FRAME_TYPE.rstStream:
      exactly('RST_STREAM', payload, 8);
      return {
        type: 'rstStream',
        streamId: streamIdOf('RST_STREAM', payload),
        status: payload.readUInt32BE(4),
      };
    case FRAME_TYPE.settings:
      return { type: 'settings', initialWindow: initialWindowOf(payload) };
    case FRAME_TYPE.ping:
      exactly('PING', payload, 4);
      return { type: 'ping', id: payload.readUInt32BE() };
    case FRAME_TYPE.goAway:
      exactly('GOAWAY', payload, 8);
      return { type: 'goAway', lastStreamId: lower31Bits(payload), status: payload.readUInt32BE(4) };
    case FRAME_TYPE.windowUpdate:
      exactly('WINDOW_UPDATE', payload, 8);
      return { type: 'windowUpdate', streamId: lower31Bits(payload), delta: lower31Bits(payload, 4) };
    default:
      return undefined;
  }
}

function streamIdOf(name: string, payload: Buffer): number {
  if (payload.length < 4) throw new ProtocolError(`${name} of ${String(payload.length)} bytes`);
  const id = lower31Bits(payload);
  if (id === 0) throw new ProtocolError(`${name} for stream 0`);
  return id;
}

const lower31Bits = (payload: Buffer, offset = 0): number => payload.readUInt32BE(offset) & MAX_STREAM_ID;

function exactly(name: string, payload: Buffer, length: number): void {
  if (payload.length !== length) throw new ProtocolError(`${name} of ${String(payload.length)} bytes`);
}

function rest(name: string, payload: Buffer, from: number): Buffer {
  if (payload.length < from) throw new ProtocolError(`${name} of ${String(payload.length)} bytes`);
  return payload.subarray(from);
}

/** Entries are 8 bytes: flags, 24 bits of id, value. */
function initialWindowOf(payload: Buffer): number | undefined {
  const count = payload.length >= 4 ? payload.readUInt32BE() : -1;
  if (payload.length !== 4 + count * 8)
    throw new ProtocolError(`SETTINGS of ${String(payload.length)} bytes`);
  for (let offset = 4; offset < payload.length; offset += 8) {
    const id = payload.readUInt32BE(offset) & 0xff_ffff;
    if (id === SETTING_INITIAL_WINDOW) return lower31Bits(payload, offset + 4);
  }
  return undefined;
}
