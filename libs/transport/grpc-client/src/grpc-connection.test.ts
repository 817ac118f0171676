import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  status,
} from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { GrpcConnection } from './grpc-connection.ts';

const codec = {
  requestSerialize: (text: string) => Buffer.from(text),
  requestDeserialize: (bytes: Buffer) => bytes.toString(),
  responseSerialize: (text: string) => Buffer.from(text),
  responseDeserialize: (bytes: Buffer) => bytes.toString(),
};
const ECHO = { path: '/test.v1.Test/Echo', requestStream: false, responseStream: false, ...codec } as const;
const TALK = { path: '/test.v1.Test/Talk', requestStream: true, responseStream: true, ...codec } as const;
const COUNT = { path: '/test.v1.Test/Count', requestStream: false, responseStream: true, ...codec } as const;

interface TestServer extends AsyncDisposable {
  readonly connection: GrpcConnection;
  readonly cancelled: string[];
  readonly start: () => Promise<void>;
  readonly stop: () => void;
}

/** Echoes; fails with the status that the request names; `hang` never answers. */
async function startServer(): Promise<TestServer> {
  const directory = await mkdtempDisposable(join(tmpdir(), 'grpc-client-'));
  const socketPath = join(directory.path, 'socket');
  const cancelled: string[] = [];
  const echo: handleUnaryCall<string, string> = (call, callback) => {
    call.on('cancelled', () => cancelled.push(call.request));
    if (call.request === 'hang') return;
    if (call.request === 'name') return callback(null, String(call.metadata.get('name')[0]));
    if (/^\d+$/.test(call.request)) {
      return callback({ code: Number(call.request), details: 'as asked', metadata: new Metadata() });
    }
    callback(null, call.request);
  };
  const count: handleServerStreamingCall<string, string> = (call) => {
    call.on('cancelled', () => cancelled.push('count'));
    for (let number = 1; number <= 3; number += 1) call.write(String(number));
    if (call.request === 'end') call.end();
    if (call.request === 'fail') call.emit('error', { code: status.UNAVAILABLE, details: 'gone' });
  };
  const talk: handleBidiStreamingCall<string, string> = (call) => {
    call.on('cancelled', () => cancelled.push('talk'));
    call.on('data', (text: string) => {
      if (text === 'fail') call.emit('error', { code: status.ALREADY_EXISTS, details: 'as asked' });
      else call.write(text.slice(0, 5));
    });
    call.on('end', () => call.end());
  };
  let server = new Server();
  const start = async (): Promise<void> => {
    server = new Server();
    server.addService({ echo: ECHO, count: COUNT, talk: TALK }, { echo, count, talk });
    await new Promise<void>((resolve, reject) =>
      server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      ),
    );
  };
  await start();
  const metadata = { name: 'default' };
  const connection = new GrpcConnection({
    socketPath,
    server: 'the test server',
    metadata,
    callTimeoutMs: 1_000,
  });
  return {
    connection,
    cancelled,
    start,
    stop: () => server.forceShutdown(),
    [Symbol.asyncDispose]: async () => {
      connection.close();
      server.forceShutdown();
      await directory.remove();
    },
  };
}

it('answers, with the metadata of the connection or of the call', async () => {
  await using rig = await startServer();
  const { connection } = rig;
  expect(await connection.call(ECHO, 'hello')).toBe('hello');
  expect(await connection.call(ECHO, 'name')).toBe('default');
  expect(await connection.call(ECHO, 'name', undefined, { metadata: { name: 'other' } })).toBe('other');
});

it.each([
  [status.NOT_FOUND, 'NotFound'],
  [status.ALREADY_EXISTS, 'AlreadyExists'],
  [status.FAILED_PRECONDITION, 'FailedPrecondition'],
  [status.INVALID_ARGUMENT, 'InvalidArgument'],
  [status.UNIMPLEMENTED, 'Unimplemented'],
  [status.UNAVAILABLE, 'Unavailable'],
  [status.UNKNOWN, 'Internal'],
])('makes an error of status %i with the kind %s and the details', async (code, kind) => {
  await using rig = await startServer();
  await expect(rig.connection.call(ECHO, String(code))).rejects.toMatchObject({
    kind,
    message: expect.stringContaining('as asked') as unknown,
  });
});

it('gives up a call that takes too long, and says how long it waited', async () => {
  await using rig = await startServer();
  await expect(rig.connection.call(ECHO, 'hang', undefined, { timeoutMs: 100 })).rejects.toMatchObject({
    kind: 'DeadlineExceeded',
    message: expect.stringContaining('the test server took longer than 100 ms (Test/Echo)') as unknown,
  });
});

it('cancels a call whose caller gives up, with the reason of the signal', async () => {
  await using rig = await startServer();
  const caller = new AbortController();
  const pending = expect(rig.connection.call(ECHO, 'hang', caller.signal)).rejects.toThrow('enough');
  setTimeout(() => caller.abort(new Error('enough')), 50);
  await pending;
  await expect.poll(() => rig.cancelled).toEqual(['hang']);
});

it('makes no call for a caller who has given up before', async () => {
  await using rig = await startServer();
  await expect(rig.connection.call(ECHO, 'late', AbortSignal.abort(new Error('late')))).rejects.toThrow(
    'late',
  );
});

it('reads a stream to its end', async () => {
  await using rig = await startServer();
  const read: string[] = [];
  for await (const text of rig.connection.stream(COUNT, 'end', AbortSignal.timeout(5_000))) read.push(text);
  expect(read).toEqual(['1', '2', '3']);
});

it('tells why a stream broke', async () => {
  await using rig = await startServer();
  const drain = async (): Promise<void> => {
    for await (const _text of rig.connection.stream(COUNT, 'fail', AbortSignal.timeout(5_000)));
  };
  await expect(drain()).rejects.toMatchObject({ kind: 'Unavailable' });
});

it('cancels a stream that is left, and one whose signal aborts', async () => {
  await using rig = await startServer();
  for await (const _text of rig.connection.stream(COUNT, 'on', AbortSignal.timeout(5_000))) break;
  await expect.poll(() => rig.cancelled.length).toBe(1);
  const caller = new AbortController();
  const drain = async (): Promise<void> => {
    for await (const text of rig.connection.stream(COUNT, 'on', caller.signal)) {
      if (text === '3') caller.abort(new Error('enough'));
    }
  };
  await expect(drain()).rejects.toThrow('enough');
  await expect.poll(() => rig.cancelled.length).toBe(2);
});

it('sends requests and gives what is answered meanwhile', async () => {
  await using rig = await startServer();
  const large = Array.from(
    { length: 50 },
    (_, index) => `${String(index).padStart(5)}${'x'.repeat(100_000)}`,
  );
  const read: string[] = [];
  const requests = (async function* () {
    yield* large;
  })();
  for await (const text of rig.connection.exchange(TALK, requests, AbortSignal.timeout(10_000)))
    read.push(text);
  expect(read).toEqual(large.map((text) => text.slice(0, 5)));
});

it.each<[string, () => AsyncGenerator<string>, object]>([
  [
    'the server refuses',
    async function* () {
      yield 'fail';
      for (;;) yield 'x'.repeat(100_000);
    },
    { kind: 'AlreadyExists' },
  ],
  [
    'the requests fail',
    async function* () {
      yield 'one';
      throw new Error('unreadable');
    },
    { message: 'unreadable' },
  ],
])('ends an exchange when %s, and says why', async (_sentence, requests, expected) => {
  await using rig = await startServer();
  const drain = async (): Promise<void> => {
    for await (const _text of rig.connection.exchange(TALK, requests(), AbortSignal.timeout(5_000)));
  };
  await expect(drain()).rejects.toMatchObject(expected);
});

it('fails at once while the server is away, and finds it again', async () => {
  await using rig = await startServer();
  expect(await rig.connection.call(ECHO, 'one')).toBe('one');
  rig.stop();
  await expect(rig.connection.call(ECHO, 'two')).rejects.toMatchObject({
    kind: 'Unavailable',
    message: expect.stringContaining('the test server is out of reach') as unknown,
  });
  await rig.start();
  await expect
    .poll(() => rig.connection.call(ECHO, 'three').catch(() => 'away'), { timeout: 5_000 })
    .toBe('three');
});
