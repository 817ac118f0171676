import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Recording } from './recording.ts';

const HEAD_END = '\r\n\r\n';

/** Stands in front of a streaming server for one session, and keeps what its client sends. */
export class RecordingProxy implements AsyncDisposable {
  /** Where the client finds what it would find at the server's URL. */
  readonly url: string;
  readonly #server: Server;
  readonly #sent: Buffer[];
  readonly #sockets: Set<Socket>;

  static async before(url: string): Promise<RecordingProxy> {
    const { hostname, port } = new URL(url);
    const sent: Buffer[] = [];
    const sockets = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true }, (client) => {
      const upstream = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(socket);
        socket.setNoDelay(true).pipe(other);
        socket.on('error', () => other.destroy()).on('close', () => other.destroySoon());
      }
      client.on('data', (bytes: Buffer) => sent.push(bytes));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RecordingProxy(url, server, sent, sockets);
  }

  private constructor(url: string, server: Server, sent: Buffer[], sockets: Set<Socket>) {
    const own = new URL(url);
    own.port = String((server.address() as AddressInfo).port);
    this.url = own.href;
    this.#server = server;
    this.#sent = sent;
    this.#sockets = sockets;
  }

  /** What the client has sent until now. @throws Error if that is no whole request. */
  recording(): Recording {
    const bytes = Buffer.concat(this.#sent);
    const end = bytes.indexOf(HEAD_END);
    if (end === -1) throw new Error('the client has sent no request');
    return {
      head: bytes.toString('latin1', 0, end).split('\r\n'),
      body: bytes.subarray(end + HEAD_END.length),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
