import { Duplex } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { HijackedStreams } from './hijacked-streams.ts';

const frame = (stream: 1 | 2, payload: string | Buffer): Buffer => {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, Buffer.from(payload)]);
};

/** A connection whose other end is this test. */
class TestConnection extends Duplex {
  readonly received: string[] = [];
  sent = 0;
  readonly #chunks: Buffer[];

  constructor(chunks: readonly Buffer[]) {
    super({ highWaterMark: 1024 });
    this.#chunks = [...chunks];
  }

  override _read(): void {
    const chunk = this.#chunks.shift();
    this.sent += chunk?.length ?? 0;
    this.push(chunk ?? null);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.received.push(chunk.toString());
    done();
  }
}

describe('the streams of a process', () => {
  it('are kept apart, and end with the connection', async () => {
    const source = new TestConnection([frame(1, 'out'), frame(2, 'error'), frame(1, ' more')]);
    const { stdout, stderr } = new HijackedStreams(source, { terminal: false, input: undefined });
    expect(await Promise.all([text(stdout), stderr && text(stderr)])).toEqual(['out more', 'error']);
  });

  it('are one with a terminal', async () => {
    const source = new TestConnection([Buffer.from('as it comes')]);
    const { stdout, stderr } = new HijackedStreams(source, { terminal: true, input: undefined });
    expect(stderr).toBeUndefined();
    expect(await text(stdout)).toBe('as it comes');
  });

  it('wait for a reader who comes late, and hold the sender back meanwhile', async () => {
    const chunks = Array.from({ length: 500 }, () => frame(1, Buffer.alloc(10_000)));
    const source = new TestConnection(chunks);
    const { stdout, stderr } = new HijackedStreams(source, { terminal: false, input: undefined });
    await delay(50);
    expect(source.sent).toBeLessThan(200_000);
    stderr?.resume();
    expect((await buffer(stdout)).length).toBe(5_000_000);
  });

  it('go on when one of them is destroyed', async () => {
    const chunks = Array.from({ length: 50 }, () => [frame(2, Buffer.alloc(10_000)), frame(1, 'x')]).flat();
    const { stdout, stderr } = new HijackedStreams(new TestConnection(chunks), {
      terminal: false,
      input: undefined,
    });
    setTimeout(() => stderr?.destroy(), 20);
    expect(await text(stdout)).toBe('x'.repeat(50));
  });

  it('give the process its input', async () => {
    const source = new TestConnection([frame(1, 'out')]);
    const { stdin, stdout, stderr } = new HijackedStreams(source, { terminal: false, input: source });
    stderr?.resume();
    stdin?.end('what went in');
    await text(stdout);
    expect(source.received).toEqual(['what went in']);
  });
});
