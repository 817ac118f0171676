import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** A request that is refused before its connection is upgraded. */
export class UpgradeRefusal extends Error {
  override readonly name = 'UpgradeRefusal';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** The values of a header that is a list, in the client's order of preference. */
export const listHeader = (request: IncomingMessage, name: string): readonly string[] =>
  [request.headers[name] ?? []]
    .flat()
    .flatMap((line) => line.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');

export const asksFor = (request: IncomingMessage, upgrade: string): boolean =>
  listHeader(request, 'connection').some((value) => value.toLowerCase() === 'upgrade') &&
  listHeader(request, 'upgrade').some((value) => value.toLowerCase() === upgrade.toLowerCase());

/**
 * The first of the client's protocols that is served (`X-Stream-Protocol-Version`).
 * @throws UpgradeRefusal 400 if it names none, 403 with those that are served if none is among them.
 */
export function negotiateSpdyProtocol(request: IncomingMessage, served: readonly string[]): string {
  const offered = listHeader(request, 'x-stream-protocol-version');
  if (offered.length === 0) {
    throw new UpgradeRefusal(
      400,
      'unable to upgrade: the header X-Stream-Protocol-Version names no protocol',
    );
  }
  const chosen = offered.find((protocol) => served.includes(protocol));
  if (chosen !== undefined) return chosen;
  throw new UpgradeRefusal(
    403,
    `unable to upgrade: the client offers ${offered.join(', ')}; the server speaks ${served.join(', ')}`,
    { 'X-Accepted-Stream-Protocol-Versions': served.join(', ') },
  );
}

/** Answers that the connection now speaks SPDY. */
export function acceptSpdy(socket: Duplex, protocol: string): void {
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n' +
      `X-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
}

/** Answers with an error, and closes. Plain text might be YAML to client-go, which then shows none of it. */
export function refuseUpgrade(socket: Duplex, { status, message, headers }: UpgradeRefusal): void {
  const body = JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    code: status,
  });
  const fields = {
    Connection: 'close',
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
}
