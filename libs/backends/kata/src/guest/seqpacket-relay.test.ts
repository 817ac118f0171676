import { PassThrough } from 'node:stream';
import { once } from 'node:events';
import type { SshProcess } from '@crihub/transport/ssh';
import { expect, it } from 'vitest';
import { connectRelay } from './seqpacket-relay.ts';

interface Relay {
  readonly process: SshProcess;
  readonly toGuest: PassThrough;
  readonly fromGuest: PassThrough;
  readonly complain: PassThrough;
  readonly killed: () => boolean;
}

function relay(): Relay {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  let killed = false;
  const process = {
    stdin,
    stdout,
    stderr,
    exited: new Promise<number>(() => undefined),
    resize: () => undefined,
    kill: () => (killed = true),
  };
  return { process, toGuest: stdin, fromGuest: stdout, complain: stderr, killed: () => killed };
}

const frame = (text: string): Buffer => {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(text.length);
  return Buffer.concat([header, Buffer.from(text)]);
};

it('keeps the boundaries of messages, however they arrive', async () => {
  const { process, fromGuest } = relay();
  const all = Buffer.concat([frame(''), frame('one'), frame('two'), frame('three')]);
  fromGuest.write(all.subarray(0, 6));
  const socket = await connectRelay(process);
  for (const byte of all.subarray(6)) fromGuest.write(Buffer.of(byte));
  fromGuest.end();
  const messages: string[] = [];
  for await (const message of socket as AsyncIterable<Buffer>) messages.push(message.toString());
  expect(messages).toEqual(['one', 'two', 'three']);
});

it('sends each chunk as a message, and its end as the end', async () => {
  const { process, toGuest, fromGuest } = relay();
  fromGuest.write(frame(''));
  const socket = await connectRelay(process);
  socket.write('ab');
  socket.end('c');
  const sent: Buffer[] = [];
  for await (const chunk of toGuest as AsyncIterable<Buffer>) sent.push(chunk);
  expect(Buffer.concat(sent)).toEqual(Buffer.concat([frame('ab'), frame('c')]));
});

it('tells why there is no connection', async () => {
  const { process, fromGuest, complain } = relay();
  complain.end('ECONNREFUSED\n');
  fromGuest.end();
  await expect(connectRelay(process)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

it('refuses a frame that no relay of ours would send', async () => {
  const { process, fromGuest, killed } = relay();
  fromGuest.write(frame(''));
  const socket = await connectRelay(process);
  fromGuest.write(Buffer.from([0x7f, 0xff, 0xff, 0xff]));
  socket.resume();
  await expect(once(socket, 'end')).rejects.toMatchObject({ kind: 'ResourceExhausted' });
  expect(killed()).toBe(true);
});
