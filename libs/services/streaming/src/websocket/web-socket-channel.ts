import { Duplex } from 'node:stream';

/** What a channel needs of its connection. */
export interface ChannelCarrier {
  /** Sends a message; `sent` is called when the socket has taken it. */
  send(channel: number, payload: Buffer, sent: (error?: Error | null) => void): void;
  /** The channel's buffer is full (true) or has room again (false). */
  congested(channel: WebSocketChannel, full: boolean): void;
}

/** Received bytes that are kept for a slow reader, before the whole connection is made to wait. */
const BUFFERED_BYTES = 128 * 1024;

/** One of the numbered channels of a connection. That we have ended it can't be told, so it is over then. */
export class WebSocketChannel extends Duplex {
  readonly number: number;
  readonly #carrier: ChannelCarrier;
  #ended = false;

  constructor(number: number, carrier: ChannelCarrier) {
    super({ readableHighWaterMark: BUFFERED_BYTES });
    this.number = number;
    this.#carrier = carrier;
    // It can only fail because the connection is over, and that is told by the connection.
    this.on('error', () => undefined);
  }

  receive(payload: Buffer): void {
    if (this.#ended || this.destroyed || payload.length === 0) return;
    if (!this.push(payload)) this.#carrier.congested(this, true);
  }

  /** The client sends no more. */
  receiveEnd(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.push(null);
  }

  override _read(): void {
    this.#carrier.congested(this, false);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#carrier.send(this.number, chunk, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.receiveEnd();
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#ended = true;
    this.#carrier.congested(this, false);
    callback(error);
  }
}
