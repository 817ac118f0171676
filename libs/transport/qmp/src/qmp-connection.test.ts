import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QmpConnection } from './qmp-connection.ts';

const soon = (): AbortSignal => AbortSignal.timeout(5_000);

/** A server that greets and answers each command by its name. */
describe('a QMP connection', () => {
  let directory: string;
  let server: Server;
  let path: string;
  let peer: Socket;
  const answers: Record<string, object> = {
    qmp_capabilities: { return: {} },
    'query-status': { return: { status: 'running' } },
    bad: { error: { class: 'GenericError', desc: 'in its words' } },
  };
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'crihub-qmp-'));
    path = join(directory, 'qmp');
    server = createServer((socket) => {
      peer = socket;
      socket.on('error', () => undefined);
      socket.write('{"QMP": {"version": {}}}\r\n');
      socket.setEncoding('utf8').on('data', (text: string) => {
        for (const line of text.trim().split('\n')) {
          const { execute, id } = JSON.parse(line) as { execute: string; id: number };
          const answer = answers[execute];
          if (answer !== undefined) socket.write(`${JSON.stringify({ ...answer, id })}\r\n`);
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    await rm(directory, { recursive: true });
  });

  it('gives what a command returns, and its refusal in its words', async () => {
    const connection = await QmpConnection.open(path, soon());
    expect(await connection.execute('query-status', {}, soon())).toEqual({ status: 'running' });
    await expect(connection.execute('bad', {}, soon())).rejects.toThrow('in its words');
    connection.close();
  });

  it('tells that the guest has shut down', async () => {
    const connection = await QmpConnection.open(path, soon());
    peer.write('{"event": "SHUTDOWN", "data": {}, "timestamp": {}}\r\n');
    await connection.shutDown;
    connection.close();
  });

  it('fails what waits when QEMU ends, and all after that', async () => {
    const connection = await QmpConnection.open(path, soon());
    const waiting = connection.execute('never', {}, soon());
    peer.destroy();
    await expect(waiting).rejects.toMatchObject({ kind: 'Unavailable' });
    await connection.closed;
    await expect(connection.execute('query-status', {}, soon())).rejects.toMatchObject({
      kind: 'Unavailable',
    });
  });

  it('ends with a peer that speaks something else', async () => {
    const connection = await QmpConnection.open(path, soon());
    peer.write('hello\n');
    await connection.closed;
  });

  it('says that nobody answers', async () => {
    await expect(QmpConnection.open(join(directory, 'nobody'), soon())).rejects.toMatchObject({
      kind: 'Unavailable',
    });
  });
});
