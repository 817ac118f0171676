import { Duplex } from 'node:stream';
import type { HeaderFields } from './header-block.ts';

/** What a stream needs of its connection. */
export interface StreamCarrier {
  /** How much the other side takes on this stream now, in bytes. */
  sendable(streamId: number): number;
  /** Sends data; `sent` is called when the socket has taken it. */
  send(streamId: number, payload: Buffer, fin: boolean, sent: (error?: Error | null) => void): void;
  /** There is room for as many received bytes again. */
  consumed(streamId: number, bytes: number): void;
  /** The stream's buffer is full (true) or has room again (false). */
  congested(stream: SpdyStream, full: boolean): void;
  /** The stream is over for our side. */
  dropped(stream: SpdyStream): void;
}

/** Received bytes that are kept for a slow reader, before the whole connection is made to wait. */
const BUFFERED_BYTES = 128 * 1024;
/** The largest data frame that we send, so that streams take turns. */
const LARGEST_FRAME = 64 * 1024;

/**
 * One stream of a connection. Its directions end by themselves: `end()` half-closes ours, the other side's
 * ends as a readable does. `destroy()` before both have ended resets it.
 */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: HeaderFields;
  readonly #carrier: StreamCarrier;
  #held = 0;
  #stalled: (() => void) | undefined;
  #ended = false;
  #resetByPeer = false;

  constructor(id: number, headers: HeaderFields, carrier: StreamCarrier) {
    super({ allowHalfOpen: true, readableHighWaterMark: BUFFERED_BYTES });
    this.id = id;
    this.headers = headers;
    this.#carrier = carrier;
  }

  /** True while the other side may send on it. */
  get isReceiving(): boolean {
    return !this.#ended && !this.destroyed;
  }

  /** True if there is no need to tell the other side that the stream is over. */
  get isSettled(): boolean {
    return this.#resetByPeer || (this.writableFinished && this.#ended);
  }

  /** Data from the other side, while `isReceiving`. */
  receive(payload: Buffer, fin: boolean): void {
    if (payload.length > 0) {
      this.#held += payload.length;
      if (this.push(payload)) this.#release();
      else this.#carrier.congested(this, true);
    }
    if (!fin) return;
    this.#ended = true;
    this.push(null);
  }

  /** The other side has reset the stream, or the connection is over. */
  cut(): void {
    this.#resetByPeer = true;
    this.destroy();
  }

  /** The other side may have room for more. */
  resumeSending(): void {
    const send = this.#stalled;
    this.#stalled = undefined;
    send?.();
  }

  override _read(): void {
    this.#release();
    this.#carrier.congested(this, false);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    const room = Math.min(this.#carrier.sendable(this.id), LARGEST_FRAME);
    if (room === 0 && chunk.length > 0) {
      this.#stalled = () => this._write(chunk, _encoding, callback);
      return;
    }
    const rest = chunk.subarray(room);
    this.#carrier.send(this.id, chunk.subarray(0, room), false, (error) => {
      if (error || rest.length === 0) callback(error);
      else this._write(rest, _encoding, callback);
    });
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#carrier.send(this.id, Buffer.alloc(0), true, callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#stalled = undefined;
    this.#release();
    this.#carrier.congested(this, false);
    this.#carrier.dropped(this);
    callback(error);
  }
  /** Makes room at the other side for what was received: our buffer has room for as much again. */
  #release(): void {
    const bytes = this.#held;
    this.#held = 0;
    if (bytes > 0) this.#carrier.consumed(this.id, bytes);
  }
}
