import { once } from 'node:events';
import { WebSocket } from 'ws';

const CHANNELS = 5;
/** Bytes that wait in the socket before a sender is made to wait. */
const BUFFERED_BYTES = 256 * 1024;

/** The client's side of a command over a WebSocket, for tests. It keeps what comes on each channel. */
export class ChannelClient {
  readonly socket: WebSocket;
  readonly closed: Promise<unknown[]>;
  messages = 0;
  readonly #kept: Buffer[][] = Array.from({ length: CHANNELS }, () => []);
  readonly #consumers = this.#kept.map(
    (kept) =>
      (payload: Buffer): void =>
        void kept.push(payload),
  );

  private constructor(url: string, protocols: readonly string[]) {
    this.socket = new WebSocket(url, [...protocols]);
    this.closed = once(this.socket, 'close');
    this.socket.on('message', (message: Buffer, isBinary) => {
      this.messages += 1;
      const channel = isBinary ? (message[0] ?? 0) : Number(message.toString('latin1', 0, 1));
      const payload = isBinary ? message.subarray(1) : Buffer.from(message.toString('latin1', 1), 'base64');
      this.#consumers[channel]?.(payload);
    });
  }

  static async connect(url: string, ...protocols: readonly string[]): Promise<ChannelClient> {
    const client = new ChannelClient(url, protocols);
    await once(client.socket, 'open');
    return client;
  }

  /** What came on each channel, as text. */
  get received(): readonly string[] {
    return this.#kept.map((kept) => Buffer.concat(kept).toString());
  }

  /** Hands on what has come and comes on a channel, instead of keeping it. */
  consume(channel: number, consume: (payload: Buffer) => void): void {
    for (const payload of this.#kept[channel]?.splice(0) ?? []) consume(payload);
    this.#consumers[channel] = consume;
  }

  /** Writes, and waits while the socket has much to send. */
  async send(channel: number, data: string | Buffer): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const message = Buffer.concat([Buffer.of(channel), Buffer.from(data)]);
    this.socket.send(message, (error) => (error ? reject(error) : resolve()));
    if (this.socket.bufferedAmount > BUFFERED_BYTES) await promise;
    else promise.catch(() => undefined); // the connection is over, which `closed` tells
  }

  /** Ends a channel; the connection must speak `v5.channel.k8s.io`. */
  end(channel: number): void {
    this.socket.send(Buffer.of(255, channel));
  }
}
