import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FrameParser } from './frame-parser.ts';
import { controlFrame, dataHead, goAway, ping, rstStream, windowUpdate, words } from './frame-writer.ts';
import { type Frame, FRAME_TYPE, SETTING_INITIAL_WINDOW } from './frames.ts';
import { HeaderDeflater } from './header-block.ts';
import { ProtocolError } from './protocol-error.ts';

type Fields = ReadonlyMap<string, string>;
const dataFrame = (id: number, payload: Buffer, fin: boolean): Buffer =>
  Buffer.concat([dataHead(id, payload.length, fin), payload]);
const synStream = (deflater: HeaderDeflater, id: number, headers: Fields, flags = 0): Buffer =>
  controlFrame(FRAME_TYPE.synStream, flags, [words(id, 0), Buffer.alloc(2), deflater.deflate(headers)]);

/** All frames of the bytes, the pieces of a data frame put together. */
function parseAll(chunks: readonly Buffer[]): Frame[] {
  const parser = new FrameParser();
  const frames: Frame[] = [];
  for (const frame of chunks.flatMap((chunk) => [...parser.parse(chunk)])) {
    const last = frames.at(-1);
    if (frame.type === 'data' && last?.type === 'data' && last.streamId === frame.streamId && !last.fin) {
      frames[frames.length - 1] = { ...frame, payload: Buffer.concat([last.payload, frame.payload]) };
    } else frames.push(frame);
  }
  return frames;
}

const cut = (bytes: Buffer, every: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / every) }, (_, index) =>
    bytes.subarray(index * every, (index + 1) * every),
  );

const id = fc.integer({ min: 1, max: 0x7fff_ffff });
const number = fc.integer({ min: 0, max: 0x7fff_ffff });
const payload = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const headers = fc
  .array(fc.tuple(fc.stringMatching(/^[a-z]{1,8}$/), fc.stringMatching(/^[ -~]{0,20}$/)), { maxLength: 4 })
  .map((entries): Fields => new Map(entries));

/** A frame, and how to write it; headers must be written in order. */
const anyFrame: fc.Arbitrary<{
  readonly frame: Frame;
  readonly write: (deflater: HeaderDeflater) => Buffer;
}> = fc.oneof(
  fc.tuple(id, payload).map(([streamId, bytes]) => ({
    frame: { type: 'data' as const, streamId, payload: bytes, fin: true },
    write: () => dataFrame(streamId, bytes, true),
  })),
  fc.tuple(id, headers, fc.boolean()).map(([streamId, fields, fin]) => ({
    frame: { type: 'synStream' as const, streamId, headers: fields, fin, unidirectional: false },
    write: (deflater: HeaderDeflater) => synStream(deflater, streamId, fields, fin ? 1 : 0),
  })),
  fc.tuple(id, headers).map(([streamId, fields]) => ({
    frame: { type: 'headers' as const, streamId, headers: fields, fin: false },
    write: (deflater: HeaderDeflater) =>
      controlFrame(FRAME_TYPE.headers, 0, [words(streamId), deflater.deflate(fields)]),
  })),
  fc.tuple(id, number).map(([streamId, status]) => ({
    frame: { type: 'rstStream' as const, streamId, status },
    write: () => rstStream(streamId, status),
  })),
  fc.tuple(number, number).map(([lastStreamId, status]) => ({
    frame: { type: 'goAway' as const, lastStreamId, status },
    write: () => goAway(lastStreamId, status),
  })),
  fc.tuple(number, number).map(([streamId, delta]) => ({
    frame: { type: 'windowUpdate' as const, streamId, delta },
    write: () => windowUpdate(streamId, delta),
  })),
  number.map((pingId) => ({ frame: { type: 'ping' as const, id: pingId }, write: () => ping(pingId) })),
  number.map((initialWindow) => ({
    frame: { type: 'settings' as const, initialWindow },
    write: () =>
      controlFrame(FRAME_TYPE.settings, 0, [words(2, 4, 100, SETTING_INITIAL_WINDOW, initialWindow)]),
  })),
);

it('reads back all frames, wherever the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 12 }), fc.integer({ min: 1, max: 40 }), (written, every) => {
      const deflater = new HeaderDeflater();
      const bytes = Buffer.concat(written.map(({ write }) => write(deflater)));
      const frames = written.map(({ frame }) => frame);
      expect(parseAll([bytes])).toEqual(frames);
      expect(parseAll(cut(bytes, every))).toEqual(frames);
      expect(parseAll(cut(bytes, 1))).toEqual(frames);
    }),
  );
});

it('fails with a ProtocolError or not at all, whatever bytes come', () => {
  const survives = (bytes: Buffer, every: number): void => {
    try {
      parseAll(cut(bytes, every));
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
    }
  };
  const every = fc.integer({ min: 1, max: 64 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), every, (bytes, size) =>
      survives(Buffer.from(bytes), size),
    ),
    { numRuns: 500 },
  );
  const mutation = fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(
      fc.array(anyFrame, { minLength: 1, maxLength: 8 }),
      mutation,
      every,
      (written, changes, size) => {
        const deflater = new HeaderDeflater();
        const bytes = Buffer.concat(written.map(({ write }) => write(deflater)));
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        survives(bytes, size);
      },
    ),
    { numRuns: 1000 },
  );
});

it('passes on the data of a large frame as it arrives, keeping nothing', () => {
  const parser = new FrameParser();
  const size = 0xff_ffff;
  expect([...parser.parse(dataHead(3, size, true))]).toEqual([]);
  const chunk = Buffer.alloc(65_536, 1);
  let received = 0;
  for (let left = size; left > 0; left -= chunk.length) {
    for (const piece of parser.parse(chunk.subarray(0, left))) {
      if (piece.type !== 'data') throw new Error(piece.type);
      received += piece.payload.length;
      expect(piece.payload.buffer).toBe(chunk.buffer);
      expect(piece.fin).toBe(received === size);
    }
  }
  expect(received).toBe(size);
});

const control = (type: number, ...values: readonly number[]): Buffer =>
  controlFrame(type, 0, [words(...values)]);

it.each([
  ['data for stream 0', dataFrame(0, Buffer.from('x'), false), 'data for stream 0'],
  ['another version of SPDY', Buffer.from('8002000600000004', 'hex'), 'SPDY version 2'],
  ['a control frame that would fill memory', Buffer.from('8003000100ffffff', 'hex'), 'of 16777215 bytes'],
  ['SYN_STREAM that is too short', control(FRAME_TYPE.synStream, 1, 0), 'SYN_STREAM of 8 bytes'],
  ['SYN_STREAM for stream 0', control(FRAME_TYPE.synStream, 0, 0, 0), 'SYN_STREAM for stream 0'],
  ['RST_STREAM that is too long', control(FRAME_TYPE.rstStream, 1, 1, 1), 'RST_STREAM of 12 bytes'],
  ['RST_STREAM without anything', control(FRAME_TYPE.rstStream), 'RST_STREAM of 0 bytes'],
  [
    'SETTINGS with fewer entries than announced',
    control(FRAME_TYPE.settings, 2, 4, 100),
    'SETTINGS of 12 bytes',
  ],
  ['SETTINGS with a huge count', control(FRAME_TYPE.settings, 0xffff_ffff), 'SETTINGS of 4 bytes'],
  ['PING without an id', control(FRAME_TYPE.ping), 'PING of 0 bytes'],
  ['GOAWAY that is too short', control(FRAME_TYPE.goAway, 1), 'GOAWAY of 4 bytes'],
  ['WINDOW_UPDATE that is too short', control(FRAME_TYPE.windowUpdate, 1), 'WINDOW_UPDATE of 4 bytes'],
])('refuses %s', (_sentence, bytes, complaint) => {
  expect(() => parseAll([bytes])).toThrow(complaint);
});

it('passes over control frames of types that it does not know', () => {
  expect(parseAll([control(200, 1, 2, 3), control(10), ping(7)])).toEqual([{ type: 'ping', id: 7 }]);
});
