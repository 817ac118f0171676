import { duplexPair } from 'node:stream';
import { RuntimeError, sleep } from '@crihub/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, type Frame, FrameReader, MAX_MESSAGE_BYTES } from './frames.ts';
import { serve, TtrpcServer, type UnaryMethod } from './index.ts';
import { Mux } from './mux.ts';
import { TtrpcClient } from './ttrpc-client.ts';

const text: Pick<UnaryMethod<string, string>, 'requestSerialize' | 'requestDeserialize'> = {
  requestSerialize: (value) => Buffer.from(value),
  requestDeserialize: (bytes) => bytes.toString(),
};
const method = (name: string): UnaryMethod<string, string> => ({
  path: `/test.Echo/${name}`,
  ...text,
  responseSerialize: text.requestSerialize,
  responseDeserialize: text.requestDeserialize,
});

describe('FrameReader', () => {
  it('reads what encodeFrame wrote, in whatever pieces it comes', () => {
    const frame = fc.record({
      streamId: fc.nat(),
      type: fc.nat(255),
      flags: fc.nat(255),
      payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    });
    fc.assert(
      fc.property(
        fc.array(frame),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        (frames, sizes) => {
          const bytes = Buffer.concat(frames.map(encodeFrame));
          const reader = new FrameReader();
          const read: Frame[] = [];
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1;
            read.push(...reader.push(bytes.subarray(at, at + size)));
            at += size;
          }
          expect(read).toEqual(frames);
        },
      ),
    );
  });

  it('lays a frame out as the protocol has it', () => {
    const frame = { streamId: 3, type: 1, flags: 4, payload: Buffer.from('hi') };
    expect([...encodeFrame(frame)]).toEqual([0, 0, 0, 2, 0, 0, 0, 3, 1, 4, 104, 105]);
  });

  it('refuses a frame that is longer than the protocol allows', () => {
    const header = Buffer.alloc(10);
    header.writeUInt32BE(MAX_MESSAGE_BYTES + 1);
    expect(() => new FrameReader().push(header)).toThrow(/frame of 4194305 bytes/);
  });

  it('sends none that is', () => {
    const payload = Buffer.alloc(MAX_MESSAGE_BYTES + 1);
    expect(() => encodeFrame({ streamId: 1, type: 1, flags: 0, payload })).toThrow(/longer than ttrpc/);
  });
});

describe('Mux', () => {
  it('keeps its connections apart', async () => {
    const [here, there] = duplexPair();
    const [a, b] = [new Mux(here), new Mux(there)];
    const got: string[] = [];
    for (const id of [1, 2])
      b.channel(id).onBytes = (bytes) => void got.push(`${String(id)}:${bytes.toString()}`);
    a.channel(2).send(Buffer.from('two'));
    a.channel(1).send(Buffer.from('one'));
    a.channel(9).send(Buffer.from('for nobody'));
    here.end();
    await b.closed;
    expect(got).toEqual(['2:two', '1:one']);
  });

  it('cuts a long message after 4096 bytes, as the reader of other implementations needs it', () => {
    const written: Buffer[] = [];
    const [here] = duplexPair();
    here.write = (chunk: Buffer): boolean => written.push(chunk) > 0;
    new Mux(here).channel(1).send(Buffer.alloc(10_000));
    expect(written.map(({ length }) => length - 8)).toEqual([4096, 5904]);
  });

  it('ends the connection on a piece longer than any message', async () => {
    const [here, there] = duplexPair();
    const mux = new Mux(here);
    there.write(Buffer.from([0, 0, 0, 1, 0xff, 0, 0, 0]));
    expect((await mux.closed).message).toMatch(/piece of 4278190080 bytes/);
    expect(here.destroyed).toBe(true);
  });

  it('cuts off a peer that reads nothing', async () => {
    const [here] = duplexPair();
    const mux = new Mux(here);
    const channel = mux.channel(1);
    for (let message = 0; message < 5; message += 1) channel.send(Buffer.alloc(MAX_MESSAGE_BYTES));
    expect((await mux.closed).message).toMatch(/the peer reads nothing/);
  });

  it('survives any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const [here, there] = duplexPair();
        const mux = new Mux(here);
        new TtrpcServer(mux.channel(1), []);
        new TtrpcClient(mux.channel(2));
        there.end(Buffer.from(bytes));
        expect(await mux.closed).toBeInstanceOf(RuntimeError);
      }),
      { numRuns: 200 },
    );
  });
});

interface Pair {
  readonly client: TtrpcClient;
  readonly mux: Mux;
}

function connected(handlers: Readonly<Record<string, (request: string) => Promise<string>>>): Pair {
  const [here, there] = duplexPair();
  const [mine, theirs] = [new Mux(here), new Mux(there)];
  new TtrpcServer(
    theirs.channel(1),
    Object.entries(handlers).map(([name, handler]) => serve(method(name), handler)),
  );
  const client = new TtrpcClient(mine.channel(1));
  void mine.closed.then((why) => client.close(why));
  return { client, mux: mine };
}

describe('TtrpcClient and TtrpcServer', () => {
  it('carry calls and answers of any length', async () => {
    const { client } = connected({ Echo: async (request) => request });
    const long = 'x'.repeat(3 * 1024 * 1024);
    expect(
      await Promise.all(['', 'a', long].map((request) => client.call(method('Echo'), request, 5_000))),
    ).toEqual(['', 'a', long]);
  });

  it.each([
    {
      sentence: 'a handler that fails is the answer to its call',
      call: 'Fail',
      kind: 'FailedPrecondition',
      message: /not today/,
    },
    {
      sentence: 'a call that is not served is refused',
      call: 'Other',
      kind: 'Unimplemented',
      message: /no Other/,
    },
    {
      sentence: 'a call that takes too long is given up',
      call: 'Hang',
      kind: 'DeadlineExceeded',
      message: /50 ms/,
    },
  ])('$sentence', async ({ call, kind, message }) => {
    const { client } = connected({
      Fail: async () => Promise.reject(new RuntimeError('FailedPrecondition', 'not today')),
      Hang: async () => new Promise(() => undefined),
    });
    const failure = client.call(method(call), '', 50);
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toMatchObject({ kind });
  });

  it('answer a call whose answer is too long with the error', async () => {
    const { client } = connected({
      Long: async () => 'x'.repeat(MAX_MESSAGE_BYTES),
      Echo: async (text) => text,
    });
    await expect(client.call(method('Long'), '', 5_000)).rejects.toMatchObject({ kind: 'ResourceExhausted' });
    expect(await client.call(method('Echo'), 'still here', 5_000)).toBe('still here');
  });

  it('serve calls one at a time', async () => {
    let running = 0;
    let most = 0;
    const { client } = connected({
      Count: async () => {
        most = Math.max(most, (running += 1));
        await sleep(1);
        running -= 1;
        return '';
      },
    });
    await Promise.all([1, 2, 3].map(() => client.call(method('Count'), '', 5_000)));
    expect(most).toBe(1);
  });

  it('end what is under way when the connection ends', async () => {
    const { client, mux } = connected({ Hang: async () => new Promise(() => undefined) });
    const call = client.call(method('Hang'), '', 60_000);
    mux.close('plugin is gone');
    await expect(call).rejects.toMatchObject({ kind: 'Unavailable', message: 'plugin is gone' });
    await expect(client.call(method('Hang'), '', 60_000)).rejects.toMatchObject({ kind: 'Unavailable' });
  });
});
