import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

/** What a client sent in one session. */
export interface Recording {
  /** The lines of its request for an upgrade. */
  readonly head: readonly string[];
  /** All that followed. */
  readonly body: Buffer;
}

/** Cuts bytes into those that are sent together. */
export type Cut = (bytes: Buffer) => Iterable<Buffer>;

/** The client of a recording, at another URL: it sends the same, whatever the server answers. */
export class ReplayClient {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async connect(url: string, head: Recording['head']): Promise<ReplayClient> {
    const { hostname, port, pathname } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) }).setNoDelay(true);
    socket.on('error', () => undefined); // the server may be done before all is sent
    await once(socket, 'connect');
    socket.resume();
    const [requestLine = '', ...fields] = head;
    const lines = [requestLine.replace(/ \S+ /, () => ` ${pathname} `), ...fields, '', ''];
    socket.write(lines.join('\r\n'), 'latin1');
    return new ReplayClient(socket);
  }

  async send(pieces: Iterable<Buffer>): Promise<void> {
    for (const piece of pieces) {
      if (this.#socket.writable) this.#socket.write(piece);
      await turn();
    }
  }

  hangUp(): void {
    this.#socket.destroy();
  }
}
