import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { eventually } from './testing/eventually.ts';
import { ALL_STREAMS, openCommand, ServerRig } from './testing/server-rig.ts';
import { SpdyClient, upgrade } from './testing/spdy-client.ts';

const SPDY = { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': 'v4.channel.k8s.io' };

it.each([
  ['a token that is not known', '/exec/unknown', SPDY, 404, 'not known'],
  ['no path', '/', SPDY, 404, 'not known'],
  ['an upgrade to something else', undefined, { ...SPDY, Upgrade: 'h2c' }, 400, 'SPDY/3.1 or websocket'],
  ['no protocol', undefined, { ...SPDY, 'X-Stream-Protocol-Version': ' ,' }, 400, 'names no protocol'],
  [
    'a protocol that is not served',
    undefined,
    { ...SPDY, 'X-Stream-Protocol-Version': 'v9.channel.k8s.io' },
    403,
    'the server speaks v5.channel.k8s.io',
  ],
])('refuses %s', async (_sentence, path, headers, status, complaint) => {
  await using rig = await ServerRig.start();
  const good = rig.execUrl(['echo', 'hello']);
  const answer = await upgrade(path === undefined ? good : new URL(path, good).href, headers);
  if (!('status' in answer)) throw new Error('it was upgraded');
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.body)).toMatchObject({ kind: 'Status', status: 'Failure', code: status });
  expect(answer.body).toContain(complaint);
  expect(rig.observed).toEqual([`refused ${String(status)}`]);
});

it('tells which protocols it accepts, in the header that client-go reads', async () => {
  await using rig = await ServerRig.start();
  const headers = { ...SPDY, 'X-Stream-Protocol-Version': 'v9.channel.k8s.io' };
  const answer = await upgrade(rig.execUrl(['echo']), headers);
  expect(answer).toMatchObject({
    headers: {
      'x-accepted-stream-protocol-versions': expect.stringContaining('v4.channel.k8s.io') as string,
    },
  });
});

it('answers a request without an upgrade, and keeps its token for whoever knows how', async () => {
  await using rig = await ServerRig.start();
  const url = rig.execUrl(['echo', 'hello']);
  expect((await fetch(url)).status).toBe(400);
  const { stdout } = await openCommand(url);
  expect(await stdout.read()).toBe('hello\n');
});

it('takes a token once, and for its own kind alone', async () => {
  await using rig = await ServerRig.start();
  const url = rig.execUrl(['echo', 'hello']);
  expect(await upgrade(url.replace('/exec/', '/attach/'), SPDY)).toMatchObject({ status: 404 });
  expect(await upgrade(url, SPDY)).toMatchObject({ status: 404 });
});

it('forgets a token in time, and refuses new ones while too many wait', async () => {
  await using rig = await ServerRig.start({ tokenLifetimeMs: 60, maxTokens: 2 });
  const url = rig.execUrl(['echo']);
  rig.execUrl(['echo']);
  expect(() => rig.execUrl(['echo'])).toThrow('2 streaming requests wait');
  await delay(80);
  expect(rig.server.figures.tokens).toBe(0);
  expect(await upgrade(url, SPDY)).toMatchObject({ status: 404 });
  expect(new URL(rig.execUrl(['echo'])).pathname.split('/')[2]).toHaveLength(32);
});

it.each([
  [['v5.channel.k8s.io', 'v4.channel.k8s.io'], 'v5.channel.k8s.io'],
  [['v4.channel.k8s.io, v3.channel.k8s.io'], 'v4.channel.k8s.io'],
  [['v9.channel.k8s.io', 'channel.k8s.io'], 'channel.k8s.io'],
])('of %j chooses the first that it speaks', async (offered, chosen) => {
  await using rig = await ServerRig.start();
  const { client, protocol } = await SpdyClient.connect(rig.execUrl(['echo']), offered);
  expect(protocol).toBe(chosen);
  client.close();
});

it('gives up on a client that does not open its streams', async () => {
  await using rig = await ServerRig.start({ creationTimeoutMs: 50 });
  const { client } = await SpdyClient.connect(rig.execUrl(['sleep', 'forever', 'never-started']));
  await client.open({ streamtype: 'error' });
  await client.closed;
  await eventually(() => expect(rig.observed).toEqual(['opened exec spdy', 'closed exec spdy error']));
  expect(rig.memory.node.countProcesses('never-started')).toBe(0);
});

it('closes a connection on which nothing happens for too long, and kills what it ran', async () => {
  await using rig = await ServerRig.start({ idleTimeoutMs: 80 });
  const { client } = await openCommand(rig.execUrl(['sleep', 'forever', 'idle']));
  await client.closed;
  await eventually(() => expect(rig.memory.node.countProcesses('idle')).toBe(0));
  expect(rig.server.figures).toEqual({ sessions: 0, tokens: 0 });
});

it('survives clients that send rubbish at every stage', async () => {
  await using rig = await ServerRig.start();
  for (const rubbish of ['GET / HTTP/1.1\r\n\r\n', '\0\0\0\0', 'PRI * HTTP/2.0\r\n\r\n']) {
    const socket = connect(Number(new URL(rig.execUrl(['echo'])).port), '127.0.0.1');
    socket.on('error', () => undefined).end(rubbish);
    await socket.resume().toArray();
  }
  const { client } = await SpdyClient.connect(rig.execUrl(['echo']));
  client.transport.write(Buffer.alloc(1000, 0xff));
  await client.closed;
  expect(rig.warnings()).toContain('streaming client broke the protocol; its connection is closed');
  const { stdout } = await openCommand(rig.execUrl(['echo', 'alive']));
  expect(await stdout.read()).toBe('alive\n');
});

it('ends its sessions when it closes, with what they run, and tells their clients', async () => {
  await using rig = await ServerRig.start();
  const { error, client } = await openCommand(
    rig.execUrl(['spawn', 'child', ';', 'sleep', 'forever', 'mine']),
  );
  await eventually(() => expect(rig.memory.node.countProcesses('child')).toBe(2));
  await rig.server.close();
  expect(await error.read()).toContain('crihub is shutting down');
  await client.closed;
  expect(rig.memory.node.countProcesses('mine') + rig.memory.node.countProcesses('child')).toBe(0);
  expect(() => rig.execUrl(['echo'])).toThrow('does not listen');
});

it('says which address can not be had', async () => {
  await using rig = await ServerRig.start();
  const port = Number(new URL(rig.execUrl(['echo'])).port);
  await expect(ServerRig.start({ address: { host: '127.0.0.1', port } })).rejects.toMatchObject({
    kind: 'FailedPrecondition',
    message: `can't listen on 127.0.0.1:${String(port)} for streaming`,
  });
});

it('advertises what it is told to', async () => {
  await using rig = await ServerRig.start({ advertisedUrl: 'https://node.example:10010/' });
  expect(rig.execUrl(['echo'], ALL_STREAMS)).toMatch(/^https:\/\/node\.example:10010\/exec\/[\w-]{32}$/);
});
