import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openChannel } from './control-channel.ts';

describe('the control channel', () => {
  let directory: string;
  let server: Server;
  let path: string;
  let answer: (socket: Socket) => void;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'crihub-channel-'));
    path = join(directory, 'channel');
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      answer(socket);
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    await rm(directory, { recursive: true });
  });
  const soon = (): AbortSignal => AbortSignal.timeout(5_000);

  it('passes over what an earlier connection has left, up to the greeting', async () => {
    answer = (socket) => socket.write('\u0000rubbish\nguest ready\n');
    const { stream, greeting } = await openChannel(path, true, soon());
    expect(greeting).toBe('ready');
    stream.destroy();
  });

  it('ends with a guest that floods it', async () => {
    answer = (socket) => socket.write('x'.repeat(1024 * 1024));
    await expect(openChannel(path, true, soon())).rejects.toMatchObject({ kind: 'Unavailable' });
  });

  it('asks a guest whose greeting got lost until it greets', async () => {
    answer = (socket) => {
      let asked = 0;
      socket.on('data', (bytes) => {
        asked += String(bytes).split('greet\n').length - 1;
        if (asked > 1) socket.write('\nguest ready\n');
      });
    };
    const { stream } = await openChannel(path, false, soon());
    stream.destroy();
  });

  it('leaves a guest that boots in peace', async () => {
    let said = '';
    answer = (socket) => {
      socket.on('data', (bytes) => (said += String(bytes)));
      setTimeout(() => socket.write('\nguest new\n'), 500);
    };
    const { stream, greeting } = await openChannel(path, true, soon());
    expect([greeting, said]).toEqual(['new', '']);
    stream.destroy();
  });

  it('gives up with its caller on a guest that says nothing', async () => {
    answer = () => undefined;
    await expect(openChannel(path, true, AbortSignal.timeout(100))).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });
});
