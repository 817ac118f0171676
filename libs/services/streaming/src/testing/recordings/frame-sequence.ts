import { FrameParser } from '../../spdy/frame-parser.ts';
import type { Frame } from '../../spdy/frames.ts';
import type { Recording } from './recording.ts';
import { readWebSocketFrames, type WebSocketFrame } from './web-socket-frames.ts';

/** The signal of `v5.channel.k8s.io` that a channel has ended. */
const CLOSE_SIGNAL = 255;

/** What a client does with one frame, and where in its bytes the frame ends. */
interface Act {
  readonly text: string;
  readonly end: number;
}

/** How much of it a client still sends depends on how soon the server is gone. */
const FAREWELL = /^(rstStream|goAway|close)/;

/**
 * What a client does in a session before its farewell, without what differs from one session to the next:
 * `stream 1 {streamtype=error}`, `data 3 fin`, `channel 0`. Data that follows data of the same stream is one.
 */
export function frameSequence(recording: Recording): readonly string[] {
  const texts = actsBeforeFarewell(recording).map(({ text }) => text);
  return texts.filter((text, index) => text !== texts[index - 1]);
}

/** Where in a recording's body the farewell begins. */
export const farewellOffset = (recording: Recording): number =>
  actsBeforeFarewell(recording).at(-1)?.end ?? 0;

function actsBeforeFarewell(recording: Recording): readonly Act[] {
  const acts = actsOf(recording);
  return acts.slice(0, acts.findLastIndex(({ text }) => !FAREWELL.test(text)) + 1);
}

function actsOf({ head, body }: Recording): readonly Act[] {
  const has = (field: RegExp): boolean => head.some((line) => field.test(line));
  if (!has(/^upgrade: websocket$/i)) {
    return spdyActs([...body].map((byte, index) => ({ payload: Buffer.of(byte), end: index + 1 })));
  }
  const frames = readWebSocketFrames(body);
  if (has(/^sec-websocket-protocol:.*portforward/i)) {
    return spdyActs(frames.filter(({ opcode }) => opcode === 'binary'));
  }
  return frames.map((frame) => ({ text: channelMessage(frame), end: frame.end }));
}

function spdyActs(pieces: readonly Pick<WebSocketFrame, 'payload' | 'end'>[]): readonly Act[] {
  const parser = new FrameParser();
  return pieces.flatMap(({ payload, end }) =>
    [...parser.parse(payload)].map((frame) => ({ text: spdyFrame(frame), end })),
  );
}

function spdyFrame(frame: Frame): string {
  const fin = 'fin' in frame && frame.fin ? ' fin' : '';
  switch (frame.type) {
    case 'synStream':
      return `stream ${String(frame.streamId)}${fin}${frame.unidirectional ? ' unidirectional' : ''} ${fields(frame.headers)}`;
    case 'goAway':
      return 'goAway';
    case 'ping':
    case 'settings':
      return frame.type;
    default:
      return `${frame.type} ${String(frame.streamId)}${fin}`;
  }
}

/** Values that a client chooses at will are left out. */
const fields = (headers: ReadonlyMap<string, string>): string => {
  const named = [...headers].map(([name, value]) => (name === 'streamtype' ? `${name}=${value}` : name));
  return `{${named.toSorted().join(', ')}}`;
};

function channelMessage({ opcode, payload }: WebSocketFrame): string {
  if (opcode !== 'binary' && opcode !== 'text') return opcode;
  const [channel] = payload;
  return channel === CLOSE_SIGNAL ? `channel ${String(payload[1])} closed` : `channel ${String(channel)}`;
}
