import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeDescriptor } from '../syscalls/libc.ts';
import { acceptConnection, listenUnixSeqpacket } from '../syscalls/sockets.ts';
import { adoptSeqpacket, connectSeqpacket } from './seqpacket.ts';

let directory: string;
let listener: number;
const streams: Duplex[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crihub-seqpacket-'));
  listener = listenUnixSeqpacket(join(directory, 'attach'));
});
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.destroy();
  closeDescriptor(listener);
  await rm(directory, { recursive: true });
});

async function pair(): Promise<readonly [Duplex, Duplex]> {
  const client = await connectSeqpacket(join(directory, 'attach'));
  const server = adoptSeqpacket(acceptConnection(listener));
  streams.push(client, server);
  return [client, server];
}

const lengths = async (stream: Duplex): Promise<readonly number[]> => {
  const messages = (await stream.toArray()) as Buffer[];
  return messages.map(({ length }) => length);
};

describe('connectSeqpacket', () => {
  it('keeps messages apart, both ways and however fast they come', async () => {
    const [client, server] = await pair();
    const sizes = Array.from({ length: 500 }, (_, index) => 1 + ((index * 37) % 8_193));
    for (const stream of [client, server]) {
      for (const size of sizes) stream.write(Buffer.alloc(size, size % 256));
      stream.end();
    }
    expect(await Promise.all([lengths(client), lengths(server)])).toEqual([sizes, sizes]);
  });

  it('still receives after it has ended its own direction', async () => {
    const [client, server] = await pair();
    client.end('last');
    expect(await lengths(server)).toEqual([4]);
    server.end('answer');
    expect(await lengths(client)).toEqual([6]);
  });

  it('makes a fast sender wait for a slow receiver', async () => {
    const [client, server] = await pair();
    let sent = 0;
    const message = Buffer.alloc(8_192);
    while (client.write(message)) await new Promise((resolve) => setImmediate(resolve, (sent += 1)));
    expect(sent).toBeLessThan(200); // the kernel's buffers and ours, not memory without end
    server.resume();
    client.end();
    await finished(server, { writable: false });
  });

  it('ends when the other side goes away', async () => {
    const [client, server] = await pair();
    server.destroy();
    expect(await lengths(client)).toEqual([]);
  });

  it('takes a path of any length', async () => {
    const deep = join(directory, 'd'.repeat(120));
    await mkdir(deep);
    await expect(connectSeqpacket(join(deep, 'attach'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('says that nobody listens', async () => {
    const path = join(directory, 'stream');
    const server = createServer().listen(path);
    await expect(connectSeqpacket(path)).rejects.toMatchObject({ code: 'EPROTOTYPE', syscall: 'connect' });
    server.close();
    await expect(connectSeqpacket(join(directory, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
