import { once } from 'node:events';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { StreamSelection } from '../remote-command/command-streams.ts';
import { eventually } from '../testing/eventually.ts';
import { ALL_STREAMS, ServerRig } from '../testing/server-rig.ts';
import { ChannelClient } from '../testing/channel-client.ts';

const TERMINAL = { stdin: true, stdout: true, stderr: false, terminal: true };

const run = (
  rig: ServerRig,
  args: readonly string[],
  protocol = 'v5.channel.k8s.io',
  streams: StreamSelection = ALL_STREAMS,
): Promise<ChannelClient> => ChannelClient.connect(rig.execUrl(args, streams), protocol);

it.each([
  ['v5.channel.k8s.io', '{"metadata":{},"status":"Failure","message":"command terminated with non-zero'],
  ['v4.channel.k8s.io', '{"metadata":{},"status":"Failure","message":"command terminated with non-zero'],
  [
    'v4.base64.channel.k8s.io',
    '{"metadata":{},"status":"Failure","message":"command terminated with non-zero',
  ],
  ['channel.k8s.io', 'command terminated with non-zero exit code: 7'],
  ['base64.channel.k8s.io', 'command terminated with non-zero exit code: 7'],
])('with %s the outputs and the status come on their channels', async (protocol, status) => {
  await using rig = await ServerRig.start();
  const client = await run(rig, ['echo', 'out', ';', 'echo-error', 'err', ';', 'exit', '7'], protocol);
  expect(client.socket.protocol).toBe(protocol);
  const [code] = await client.closed;
  expect(code).toBe(1000);
  expect(client.received[1]).toBe('out\n');
  expect(client.received[2]).toBe('err\n');
  expect(client.received[3]).toContain(status);
});

it('speaks the first protocol with a client that names none', async () => {
  await using rig = await ServerRig.start();
  const client = await ChannelClient.connect(rig.execUrl(['echo', 'out', ';', 'exit', '7']));
  await client.closed;
  expect(client.socket.protocol).toBe('');
  expect(client.received).toEqual(['', 'out\n', '', 'command terminated with non-zero exit code: 7', '']);
});

it('refuses a client that names others alone', async () => {
  await using rig = await ServerRig.start();
  const socket = new WebSocket(rig.execUrl(['echo']), ['v9.channel.k8s.io']);
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error.message).toContain('403');
  expect(rig.observed).toEqual(['refused 403']);
});

it('tells at once that the connection stands', async () => {
  await using rig = await ServerRig.start();
  const client = await run(rig, ['sleep', 'forever']);
  await eventually(() => expect(client.messages).toBe(1));
  client.socket.terminate();
});

it('ends the input at the close signal of version 5', async () => {
  await using rig = await ServerRig.start();
  const client = await run(rig, ['cat', ';', 'echo', 'over']);
  await client.send(0, 'input\n');
  client.socket.send(Buffer.of(255, 0));
  await client.send(0, 'too late');
  await client.closed;
  expect(client.received[1]).toBe('input\nover\n');
});

it('takes the byte of the close signal for a channel before version 5', async () => {
  await using rig = await ServerRig.start();
  const client = await run(rig, ['cat'], 'v4.channel.k8s.io');
  client.socket.send(Buffer.of(255, 0));
  await client.send(0, 'still open');
  await eventually(() => expect(client.received[1]).toBe('still open'));
  client.socket.terminate();
});

it('takes input as base64', async () => {
  await using rig = await ServerRig.start();
  const client = await run(rig, ['cat'], 'v4.base64.channel.k8s.io');
  client.socket.send(`0${Buffer.from('ünïcode').toString('base64')}`);
  await eventually(() => expect(client.received[1]).toBe('ünïcode'));
  client.socket.terminate();
});

it('resizes a terminal', async () => {
  await using rig = await ServerRig.start();
  const client = await run(rig, ['terminal-size'], 'v5.channel.k8s.io', TERMINAL);
  await client.send(4, '{"Width":132,"Height":43}\n');
  await eventually(() => expect(client.received[1]).toContain('43 132\n'));
  client.socket.terminate();
});

it.each([
  ['closes', (socket: WebSocket) => socket.close()],
  ['breaks', (socket: WebSocket) => socket.terminate()],
])('kills the command when the connection %s', async (_sentence, leave) => {
  await using rig = await ServerRig.start();
  const client = await run(rig, ['sleep', 'forever', 'abandoned']);
  await eventually(() => expect(rig.memory.node.countProcesses('abandoned')).toBe(1));
  leave(client.socket);
  await eventually(() => expect(rig.memory.node.countProcesses('abandoned')).toBe(0));
  await eventually(() => expect(rig.observed).toEqual(['opened exec websocket', 'closed exec websocket ok']));
});

it.each([
  ['v5.channel.k8s.io', Buffer.of(255), 'a signal that closes no channel'],
  ['v5.channel.k8s.io', Buffer.of(255, 9), 'a signal that closes no channel'],
  ['v4.base64.channel.k8s.io', '0?!', 'a message that is not base64'],
])('with %s, closes the connection on %j', async (protocol, message, complaint) => {
  await using rig = await ServerRig.start();
  const client = await run(rig, ['sleep', 'forever'], protocol);
  client.socket.send(message);
  expect((await client.closed).map(String)).toEqual(['1002', complaint]);
});

it('drops what comes for channels that there are none of', async () => {
  await using rig = await ServerRig.start();
  const client = await run(rig, ['cat'], 'v4.channel.k8s.io');
  for (const channel of [1, 3, 5, 200]) await client.send(channel, 'x');
  client.socket.send(Buffer.alloc(0));
  await client.send(0, 'fine');
  await eventually(() => expect(client.received[1]).toBe('fine'));
  client.socket.terminate();
});

it('makes the process wait for a client that does not read', async () => {
  await using rig = await ServerRig.start();
  const before = process.memoryUsage().external;
  const client = await run(rig, ['flood', String(200 * 1024 * 1024), ';', 'sleep', '0', 'flooded']);
  client.socket.pause();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(rig.memory.node.countProcesses('flooded')).toBe(1);
  expect(process.memoryUsage().external - before).toBeLessThan(32 * 1024 * 1024);
  client.socket.terminate();
});
