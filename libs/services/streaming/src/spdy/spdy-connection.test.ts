import { duplexPair } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { RecordingLogger } from '@crihub/kernel/testing';
import { expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { SpdyClient } from '../testing/spdy-client.ts';
import { controlFrame, windowUpdate, words } from './frame-writer.ts';
import { FRAME_TYPE, SETTING_INITIAL_WINDOW } from './frames.ts';
import { SpdyConnection } from './spdy-connection.ts';
import type { SpdyStream } from './spdy-stream.ts';

const WINDOW = 64 * 1024;

class ConnectionRig {
  readonly logger = new RecordingLogger();
  readonly streams: SpdyStream[] = [];
  readonly client: SpdyClient;
  readonly connection: SpdyConnection;

  constructor() {
    const [near, far] = duplexPair();
    this.client = new SpdyClient(far);
    this.connection = new SpdyConnection(
      { transport: near, logger: this.logger },
      {
        refusal: (headers) => (headers.has('bad') ? 'it is bad' : undefined),
        opened: (stream) => this.streams.push(stream),
      },
    );
  }

  stream(index = 0): SpdyStream {
    const stream = this.streams[index];
    if (stream === undefined) throw new Error(`no stream ${String(index)} was opened`);
    return stream;
  }

  framesOf(type: string): readonly unknown[] {
    return this.client.frames.filter((frame) => frame.type === type);
  }

  warnings(): readonly unknown[] {
    return this.logger.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields['error']);
  }
}

it('answers the pings of clients, and not the answers to its own', async () => {
  const { client } = new ConnectionRig();
  client.ping(2);
  client.ping(3);
  await eventually(() => expect(client.frames).toEqual([{ type: 'ping', id: 3 }]));
});

it('sends without limit to a client that gives no window, as none of the kubelet’s does', async () => {
  const rig = new ConnectionRig();
  const stream = await rig.client.open({});
  rig.stream().end(Buffer.alloc(10 * WINDOW));
  await stream.read();
  expect(stream.bytes).toBe(10 * WINDOW);
});

it('sends no more than the window to a client that has shown that it has one', async () => {
  const rig = new ConnectionRig();
  const stream = await rig.client.open({});
  rig.client.transport.write(controlFrame(FRAME_TYPE.settings, 0, [words(1, SETTING_INITIAL_WINDOW, 1000)]));
  rig.client.ping(1);
  await eventually(() => expect(rig.framesOf('ping')).toHaveLength(1));
  rig.stream().end(Buffer.alloc(3000));
  await eventually(() => expect(stream.bytes).toBe(1000));
  rig.client.transport.write(windowUpdate(stream.id, 500));
  await eventually(() => expect(stream.bytes).toBe(1500));
  rig.client.transport.write(windowUpdate(stream.id, 5000));
  expect(await stream.ended.promise).toBe('fin');
  expect(stream.bytes).toBe(3000);
});

it('is limited by the window of the whole connection too', async () => {
  const rig = new ConnectionRig();
  const streams = [await rig.client.open({}), await rig.client.open({})];
  const total = (): number => streams.reduce((sum, { bytes }) => sum + bytes, 0);
  rig.client.transport.write(windowUpdate(1, 10 * WINDOW));
  rig.client.transport.write(windowUpdate(3, 10 * WINDOW));
  rig.client.ping(1);
  await eventually(() => expect(rig.framesOf('ping')).toHaveLength(1));
  for (const index of [0, 1]) rig.stream(index).end(Buffer.alloc(WINDOW));
  await eventually(() => expect(total()).toBe(WINDOW));
  rig.client.transport.write(windowUpdate(0, WINDOW));
  await Promise.all(streams.map(({ ended }) => ended.promise));
  expect(total()).toBe(2 * WINDOW);
});

it('gives windows to a client that keeps to them', async () => {
  const rig = new ConnectionRig();
  const stream = await rig.client.open({});
  rig.stream().resume();
  let allowed = WINDOW;
  for (let sent = 0; sent < 10 * WINDOW;) {
    const size = Math.min(16_384, allowed);
    stream.write(Buffer.alloc(size));
    sent += size;
    allowed -= size;
    if (allowed > 0) continue;
    await eventually(() => expect(rig.framesOf('windowUpdate')).not.toHaveLength(0));
    for (const frame of rig.client.frames.splice(0)) {
      if (frame.type === 'windowUpdate' && frame.streamId === stream.id) allowed += frame.delta;
    }
  }
});

it('stops giving windows to a client that does not heed them', async () => {
  const rig = new ConnectionRig();
  const stream = await rig.client.open({});
  stream.write(Buffer.alloc(WINDOW + 1));
  let received = 0;
  rig.stream().on('data', (bytes: Buffer) => (received += bytes.length));
  for (let count = 0; count < 100; count += 1) stream.write(Buffer.alloc(WINDOW));
  await eventually(() => expect(received).toBe(101 * WINDOW + 1));
  expect(rig.framesOf('windowUpdate').length).toBeLessThan(3);
});

it('makes the client wait while one stream is not read, and goes on when it is', async () => {
  const rig = new ConnectionRig();
  const [first, second] = [await rig.client.open({}), await rig.client.open({})];
  const size = 16 * WINDOW;
  for (let sent = 0; sent < size; sent += 16_384) first.write(Buffer.alloc(16_384));
  await delay(50);
  expect(rig.stream().readableLength).toBeLessThan(4 * WINDOW);
  expect(rig.client.transport.writableLength).toBeGreaterThan(size / 2);
  second.write('behind');
  let received = 0;
  rig.stream().on('data', (bytes: Buffer) => (received += bytes.length));
  const heard = await new Promise((resolve) => {
    rig.stream(1).once('data', (bytes: Buffer) => resolve(bytes.toString()));
  });
  expect(heard).toBe('behind');
  expect(received).toBe(size);
});

it('resets a stream that is dropped here, ignores what still comes for it, and keeps the others', async () => {
  const rig = new ConnectionRig();
  const [first, second] = [await rig.client.open({}), await rig.client.open({})];
  rig.stream().destroy();
  expect(await first.ended.promise).toBe('reset');
  first.write('too late');
  second.write('fine');
  const heard = new Promise((resolve) => rig.stream(1).once('data', resolve));
  expect(String(await heard)).toBe('fine');
  expect(rig.framesOf('rstStream')).toEqual([{ type: 'rstStream', streamId: 1, status: 5 }]);
});

it('refuses a stream with a reset, and says why in the log', async () => {
  const rig = new ConnectionRig();
  await expect(rig.client.open({ bad: 'yes' })).rejects.toThrow('was reset');
  expect(rig.framesOf('rstStream')).toEqual([{ type: 'rstStream', streamId: 1, status: 3 }]);
  expect(rig.logger.lines).toMatchObject([{ level: 'warn', fields: { reason: 'it is bad' } }]);
});

it('has no more than 4000 streams at once', async () => {
  const rig = new ConnectionRig();
  const opened = Array.from({ length: 4001 }, () => rig.client.begin({}));
  await expect(opened.at(-1)?.replied.promise).rejects.toThrow('was reset');
  await opened.at(-2)?.replied.promise;
  expect(rig.streams).toHaveLength(4000);
});

it('tells of data for a stream that never was, and lives on', async () => {
  const rig = new ConnectionRig();
  rig.client.data(99, Buffer.from('x'), false);
  await eventually(() =>
    expect(rig.framesOf('rstStream')).toEqual([{ type: 'rstStream', streamId: 99, status: 2 }]),
  );
  await rig.client.open({});
});

it('ends both directions of a stream opened without input, or for input alone', async () => {
  const rig = new ConnectionRig();
  const [finished, unidirectional] = [await rig.client.open({}, 1), await rig.client.open({}, 2)];
  const ended = new Promise((resolve) => rig.stream().resume().once('end', resolve));
  await ended;
  expect(await unidirectional.ended.promise).toBe('fin');
  rig.stream().end('answer');
  expect(await finished.read()).toBe('answer');
});

it.each([
  ['a reply to nothing', () => controlFrame(FRAME_TYPE.synReply, 0, [words(1)]), 'zlib stream'],
  ['a window that grows by nothing', () => windowUpdate(0, 0), 'WINDOW_UPDATE of 0'],
  ['a window that grows too large', () => windowUpdate(0, 0x7fff_ffff), 'WINDOW_UPDATE of 2147483647'],
])('closes the connection on %s', async (_sentence, frame, complaint) => {
  const rig = new ConnectionRig();
  rig.client.transport.write(frame());
  await eventually(() => expect(rig.connection.ended.aborted).toBe(true));
  expect(String(rig.warnings()[0])).toContain(complaint);
});

it.each([
  ['was used before', 1],
  ['is even, which is for servers', 4],
])('closes the connection on a stream id that %s', async (_sentence, id) => {
  const rig = new ConnectionRig();
  await rig.client.open({});
  rig.client.begin({}, 0, id);
  await eventually(() => expect(rig.connection.ended.aborted).toBe(true));
  expect(rig.warnings()).toEqual([`stream ${String(id)} after stream 1`]);
});

it('says goodbye after all that was written, and then closes', async () => {
  const rig = new ConnectionRig();
  const stream = await rig.client.open({});
  rig.stream().end('last words');
  await rig.connection.close();
  await rig.connection.close();
  expect(stream.text).toBe('last words');
  expect(rig.framesOf('goAway')).toEqual([{ type: 'goAway', lastStreamId: 1, status: 0 }]);
  expect(rig.connection.ended.aborted).toBe(true);
});

it('closes when a client says goodbye that has no stream', async () => {
  const rig = new ConnectionRig();
  rig.client.goAway();
  await rig.client.closed;
  expect(rig.framesOf('goAway')).toHaveLength(1);
  expect(rig.connection.ended.aborted).toBe(true);
});

it('carries the streams of a client that has said goodbye to their end, opens none, and then closes', async () => {
  const rig = new ConnectionRig();
  const stream = await rig.client.open({});
  rig.client.goAway();
  stream.end();
  await expect(rig.client.open({})).rejects.toThrow('was reset');
  expect(rig.streams).toHaveLength(1);
  rig.stream().resume().end('last words');
  await rig.client.closed;
  expect(stream.text).toBe('last words');
  expect(rig.connection.ended.aborted).toBe(true);
});

it('cuts all streams when the client has gone', async () => {
  const rig = new ConnectionRig();
  await rig.client.open({});
  const closed = new Promise((resolve) => rig.stream().once('close', resolve));
  rig.client.transport.destroy();
  await closed;
  expect(rig.connection.ended.aborted).toBe(true);
});
