import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Frame, FrameParser } from './frames.ts';

const STREAM_BYTES = { stdout: 1, stderr: 2, system: 3 } as const;

function encode({ stream, payload }: Frame): Buffer {
  const header = Buffer.alloc(8);
  header[0] = STREAM_BYTES[stream];
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

const frame = fc.record({
  stream: fc.constantFrom('stdout' as const, 'stderr' as const, 'system' as const),
  payload: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
});

describe('frames of the engine', () => {
  it('are the same however the bytes are cut', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 20 }), cuts, (frames, sizes) => {
        const bytes = Buffer.concat(frames.map(encode));
        const parser = new FrameParser();
        const parsed: Frame[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          parsed.push(...parser.push(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(parsed).toEqual(frames);
      }),
    );
  });

  it('are taken apart in time that grows with the bytes alone', () => {
    const payload = Buffer.alloc(100, 'x');
    const bytes = Buffer.concat(Array.from({ length: 200_000 }, () => encode({ stream: 'stdout', payload })));
    const parser = new FrameParser();
    const before = performance.now();
    let count = 0;
    for (let at = 0; at < bytes.length; at += 65_536)
      count += parser.push(bytes.subarray(at, at + 65_536)).length;
    expect(count).toBe(200_000);
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});
