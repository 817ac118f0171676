import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { eventually } from '../testing/eventually.ts';
import { ServerRig } from '../testing/server-rig.ts';
import { openTunnel } from '../testing/tunnel-client.ts';

const dial = async (port: number, signal: AbortSignal) => {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect', { signal });
  return socket;
};

async function startEcho(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

it.each([['SPDY/3.1+portforward.k8s.io'], ['v2.portforward.k8s.io']])(
  'tunnels SPDY with the protocol %s',
  async (protocol) => {
    await using rig = await ServerRig.start();
    await using echo = await startEcho();
    const url = rig.server.urlFor({ kind: 'portforward', dial });
    const { client, protocol: chosen } = await openTunnel(url, protocol);
    expect(chosen).toBe(protocol);
    const headers = { port: String(echo.port), requestid: '0' };
    const error = await client.open({ ...headers, streamtype: 'error' });
    const data = await client.open({ ...headers, streamtype: 'data' });
    const text = 'through the tunnel '.repeat(50_000);
    data.write(text);
    data.end();
    expect(await data.read()).toBe(text);
    expect(await error.read()).toBe('');
    client.close();
    await eventually(() => expect(rig.observed.at(-1)).toBe('closed portforward websocket ok'));
  },
);

it('forwards one connection to each port of the query on channels', async () => {
  await using rig = await ServerRig.start();
  await using echo = await startEcho();
  const url = `${rig.server.urlFor({ kind: 'portforward', dial })}?port=${String(echo.port)},1`;
  const socket = new WebSocket(url, ['v4.channel.k8s.io']);
  const received: Buffer[] = Array.from({ length: 4 }, () => Buffer.alloc(0));
  socket.on('message', (message: Buffer) => {
    const channel = message[0] ?? 0;
    received[channel] = Buffer.concat([received[channel] ?? Buffer.alloc(0), message.subarray(1)]);
  });
  await once(socket, 'open');
  socket.send(Buffer.concat([Buffer.of(0), Buffer.from('hello')]));
  await eventually(() => expect(received[0]?.toString('latin1', 2)).toBe('hello'));
  expect(received.map((bytes) => bytes.readUInt16LE())).toEqual([echo.port, echo.port, 1, 1]);
  expect(received[3]?.toString('latin1', 2)).toContain("can't connect to port 1 of the pod");
  socket.close();
  await eventually(() => expect(rig.server.figures.sessions).toBe(0));
});

it.each([[''], ['?port='], ['?port=0'], ['?port=80&port=x']])(
  'refuses the ports of the query %j',
  async (query) => {
    await using rig = await ServerRig.start();
    const url = `${rig.server.urlFor({ kind: 'portforward', dial })}${query}`;
    const [error] = (await once(new WebSocket(url, ['v4.channel.k8s.io']), 'error')) as [Error];
    expect(error.message).toContain('400');
  },
);
