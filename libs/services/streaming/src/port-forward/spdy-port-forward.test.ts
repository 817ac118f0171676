import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { ServerRig } from '../testing/server-rig.ts';
import { openConnection, PORT_FORWARD_PROTOCOLS } from '../testing/port-forward-client.ts';
import { SpdyClient } from '../testing/spdy-client.ts';

describe('port-forward over SPDY', () => {
  let rig: ServerRig;
  let server: Server;
  let port: number;
  let accepted: Socket[];
  let serve: (socket: Socket) => void;

  beforeEach(async () => {
    rig = await ServerRig.start();
    accepted = [];
    serve = (socket) => void socket.pipe(socket);
    server = createServer({ allowHalfOpen: true }, (socket) => {
      accepted.push(socket.on('error', () => undefined));
      serve(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });

  afterEach(async () => {
    await rig[Symbol.asyncDispose]();
    for (const socket of accepted) socket.destroy();
    server.close();
  });

  const start = async (on = rig): Promise<SpdyClient> => {
    const url = on.server.urlFor({
      kind: 'portforward',
      dial: async (to, signal) => {
        const socket = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true });
        await once(socket, 'connect', { signal });
        return socket;
      },
    });
    const { client, protocol } = await SpdyClient.connect(url, PORT_FORWARD_PROTOCOLS);
    expect(protocol).toBe('portforward.k8s.io');
    return client;
  };

  it('carries many connections at once, each to its end', async () => {
    const client = await start();
    const one = async (id: number): Promise<void> => {
      const { data, error } = await openConnection(client, port, String(id));
      data.write(`hello ${String(id)} `.repeat(5_000));
      data.end();
      expect(await data.read()).toBe(`hello ${String(id)} `.repeat(5_000));
      expect(await error.read()).toBe('');
    };
    await Promise.all(Array.from({ length: 100 }, (_, id) => one(id)));
    client.close();
    await eventually(() => expect(rig.server.figures.sessions).toBe(0));
  });

  it('passes on that the client ends, and goes on with what the server sends', async () => {
    serve = (socket) => {
      socket.resume().once('end', () => socket.end('after your end'));
    };
    const { data } = await openConnection(await start(), port, '1');
    data.end();
    expect(await data.read()).toBe('after your end');
  });

  it('passes on that the server ends, and goes on with what the client sends', async () => {
    let heard = '';
    serve = (socket) => void socket.on('data', (bytes) => (heard += bytes.toString())).end('goodbye');
    const { data } = await openConnection(await start(), port, '1');
    expect(await data.read()).toBe('goodbye');
    data.write('more');
    await eventually(() => expect(heard).toBe('more'));
  });

  it('says which port is closed, and keeps the session', async () => {
    const client = await start();
    const refused = await openConnection(client, 1, '1');
    expect(await refused.error.read()).toBe(
      "can't connect to port 1 of the pod: connect ECONNREFUSED 127.0.0.1:1",
    );
    expect(await refused.data.read()).toBe('');
    const { data } = await openConnection(client, port, '2');
    data.write('still here');
    await eventually(() => expect(data.text).toBe('still here'));
  });

  it('keeps the session, and the error stream silent, when the server resets a connection', async () => {
    serve = (socket) => void socket.resetAndDestroy();
    const client = await start();
    const { data, error } = await openConnection(client, port, '1');
    expect(await data.ended.promise).toBe('reset');
    expect(await error.read()).toBe('');
    expect(client.transport.destroyed).toBe(false);
  });

  it('closes the connection of a stream that the client resets', async () => {
    const { data, error } = await openConnection(await start(), port, '1');
    data.write('x');
    await eventually(() => expect(data.text).toBe('x'));
    data.reset();
    await once(accepted[0] ?? server, 'close');
    expect(await error.read()).toBe('');
  });

  it('closes all connections when the client goes', async () => {
    const client = await start();
    await openConnection(client, port, '1');
    await openConnection(client, port, '2');
    await eventually(() => expect(accepted).toHaveLength(2));
    client.transport.destroy();
    await Promise.all(accepted.map((socket) => once(socket, 'close')));
    await eventually(() =>
      expect(rig.observed).toEqual(['opened portforward spdy', 'closed portforward spdy ok']),
    );
  });

  it('pairs the streams of clients that give no request id', async () => {
    const { data } = await openConnection(await start(), port);
    data.write('old client');
    await eventually(() => expect(data.text).toBe('old client'));
  });

  it('gives up on a connection whose second stream does not come', async () => {
    await using impatient = await ServerRig.start({ creationTimeoutMs: 60 });
    const client = await start(impatient);
    const error = await client.open({ streamtype: 'error', port: String(port), requestid: '1' });
    expect(await error.read()).toBe('the data stream of this connection was not opened in time');
    const data = await client.open({ streamtype: 'data', port: String(port), requestid: '2' });
    expect(await data.ended.promise).toBe('reset');
  });

  it.each([
    [{ streamtype: 'data' }],
    [{ streamtype: 'data', port: '0' }],
    [{ streamtype: 'data', port: '65536' }],
    [{ streamtype: 'data', port: '80x' }],
    [{ streamtype: 'stdin', port: '80' }],
    [{ port: '80' }],
  ])('refuses a stream with the headers %j, and keeps the session', async (headers) => {
    const client = await start();
    await expect(client.open(headers as Record<string, string>)).rejects.toThrow('was reset');
    const { data } = await openConnection(client, port, '1');
    data.end();
    expect(await data.read()).toBe('');
  });

  it('resets a second stream of the same kind and id', async () => {
    const client = await start();
    const headers = { port: String(port), requestid: '1', streamtype: 'error' };
    await client.open(headers);
    expect(await (await client.open(headers)).ended.promise).toBe('reset');
  });
});
