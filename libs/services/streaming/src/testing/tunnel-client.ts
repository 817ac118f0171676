import { once } from 'node:events';
import { WebSocket } from 'ws';
import { WebSocketDuplex } from '../websocket/web-socket-duplex.ts';
import { SpdyClient } from './spdy-client.ts';

/** Opens SPDY inside a WebSocket. @returns also the protocol that the server has chosen. */
export async function openTunnel(
  url: string,
  offered: string,
): Promise<{ readonly client: SpdyClient; readonly protocol: string | undefined }> {
  let protocol: string | undefined;
  const socket = new WebSocket(url, {
    // Not in the constructor, which takes tokens alone; these are none.
    headers: { 'Sec-WebSocket-Protocol': offered },
    // ws refuses an answer that it did not ask for, unless it is not told.
    finishRequest: (request) => {
      request.prependOnceListener('upgrade', (response) => {
        protocol = response.headers['sec-websocket-protocol'];
        delete response.headers['sec-websocket-protocol'];
      });
      request.end();
    },
  });
  await once(socket, 'open');
  return { client: new SpdyClient(new WebSocketDuplex(socket)), protocol };
}
