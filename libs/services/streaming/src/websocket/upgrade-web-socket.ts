import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { listHeader, UpgradeRefusal } from '../http/negotiation.ts';

/** Of one message; clients send 32 KiB. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/**
 * The first of the client's protocols that is served; '' if it names none.
 * @throws UpgradeRefusal 403 if none is among them.
 */
export function negotiateWebSocketProtocol(request: IncomingMessage, served: readonly string[]): string {
  const offered = listHeader(request, 'sec-websocket-protocol');
  if (offered.length === 0) return '';
  const chosen = offered.find((protocol) => served.includes(protocol));
  if (chosen !== undefined) return chosen;
  throw new UpgradeRefusal(
    403,
    `unable to upgrade: the client offers ${offered.join(', ')}; the server speaks ${served.join(', ')}`,
  );
}

/**
 * Makes the connection a WebSocket.
 * @returns it paused: what the client has sent already must not come before somebody listens.
 * @throws UpgradeRefusal 400 for a handshake that is none.
 */
export async function upgradeWebSocket(
  { request, socket }: { readonly request: IncomingMessage; readonly socket: Duplex },
  protocol: string,
): Promise<WebSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  // `SPDY/3.1+…` is not a token, so that ws would refuse it: it does not get to see the protocols.
  delete request.headers['sec-websocket-protocol'];
  if (protocol !== '') server.on('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
  server.on('wsClientError', (error) =>
    reject(new UpgradeRefusal(400, `unable to upgrade: ${error.message}`)),
  );
  const closed = once(socket, 'close').then(() => {
    throw new Error('the client has gone');
  });
  server.handleUpgrade(request, socket, Buffer.alloc(0), (upgraded) => {
    upgraded.pause();
    resolve(upgraded);
  });
  return await Promise.race([promise, closed]);
}
