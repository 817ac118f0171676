import { createServer, type Server } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EngineConnection, negotiate } from './connection.ts';

describe('the version of the API', () => {
  it.each([
    { engine: '1.41', api: { major: 1, minor: 41 }, why: 'is that of the oldest engine' },
    { engine: '1.47', api: { major: 1, minor: 47 }, why: "is the engine's if we know it" },
    { engine: '1.99', api: { major: 1, minor: 52 }, why: 'is our newest with a newer engine' },
    { engine: '1.40', api: undefined, why: 'is none with an engine that is too old' },
  ])('$why', ({ engine, api }) => expect(negotiate(engine)).toEqual(api));
});

describe('a connection', () => {
  let directory: string;
  let server: Server;
  let connection: EngineConnection;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'crihub-engine-'));
    const socketPath = join(directory, 'socket');
    server = createServer((request, response) => {
      if (request.url?.startsWith('/slow') === true) return;
      const status = Number(request.url?.slice(1, 4));
      response
        .writeHead(status)
        .end(status === 204 ? undefined : JSON.stringify({ message: 'in its words' }));
    });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    connection = new EngineConnection({ socketPath, callTimeoutMs: 200 });
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(directory, { recursive: true });
  });
  const call = (path: string, signal = new AbortController().signal): Promise<unknown> =>
    connection.call({ operation: 'try', method: 'GET', path }, z.unknown(), signal);

  it.each([
    [400, 'InvalidArgument'],
    [404, 'NotFound'],
    [409, 'FailedPrecondition'],
    [500, 'Internal'],
    [503, 'Unavailable'],
  ])('fails for status %i as %s', async (status, kind) => {
    const message = 'Docker Engine refused to try: in its words';
    await expect(call(`/${String(status)}`)).rejects.toMatchObject({ kind, message });
  });

  it('gives up after its time, or with the caller', async () => {
    await expect(call('/slow')).rejects.toMatchObject({ kind: 'DeadlineExceeded' });
    const reason = new Error('enough');
    await expect(call('/slow', AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('says that nobody answers', async () => {
    const nobody = new EngineConnection({ socketPath: join(directory, 'nobody') });
    const asked = nobody.call(
      { operation: 'try', method: 'GET', path: '/200' },
      z.unknown(),
      AbortSignal.timeout(1_000),
    );
    await expect(asked).rejects.toMatchObject({ kind: 'Unavailable', reason: 'EngineUnreachable' });
  });
});
