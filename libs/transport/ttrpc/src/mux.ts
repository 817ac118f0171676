import type { Duplex } from 'node:stream';
import { describeError, RuntimeError } from '@crihub/kernel';
import { ByteQueue } from './byte-queue.ts';
import { HEADER_BYTES as TTRPC_HEADER_BYTES, MAX_MESSAGE_BYTES } from './frames.ts';

const HEADER_BYTES = 8;
const MAX_PAYLOAD_BYTES = TTRPC_HEADER_BYTES + MAX_MESSAGE_BYTES;
/**
 * How the Go implementation cuts a message. Its reader takes a whole piece into a buffer of this size, and fails on
 * a first piece that is longer.
 */
const FIRST_PIECE_BYTES = 4096;
/** What a peer may leave unread, the longest message included, before it is cut off. */
const MAX_UNREAD_BYTES = 4 * MAX_PAYLOAD_BYTES;

/** One of the connections that share a socket. */
export interface Channel {
  /** Sends bytes. After the socket is closed it does nothing. */
  send(bytes: Buffer): void;
  /** Who gets what arrives; set once. A listener that throws ends all connections of the socket. */
  onBytes: (bytes: Buffer) => void;
}

/**
 * Several connections over one socket, as NRI has it: each piece is `connection (4) | length (4) | bytes`, big-endian.
 * Opening one sends nothing: both ends know the numbers.
 */
export class Mux {
  readonly #trunk: Duplex;
  readonly #channels = new Map<number, Channel>();
  readonly #bytes = new ByteQueue();
  readonly #closed = Promise.withResolvers<RuntimeError>();

  constructor(trunk: Duplex) {
    this.#trunk = trunk;
    trunk.on('data', (chunk: Buffer) => this.#receive(chunk));
    trunk.on('error', (error) => this.#end(`the connection broke: ${describeError(error)}`));
    trunk.on('close', () => this.#end('the peer closed the connection'));
    trunk.on('end', () => this.#end('the peer closed the connection'));
  }

  /** Resolves with why, once the socket is closed by either end. */
  get closed(): Promise<RuntimeError> {
    return this.#closed.promise;
  }

  channel(id: number): Channel {
    const channel: Channel = { send: (bytes) => this.#send(id, bytes), onBytes: () => undefined };
    this.#channels.set(id, channel);
    return channel;
  }

  close(why = 'the connection was closed'): void {
    this.#end(why);
  }

  #send(id: number, bytes: Buffer): void {
    if (this.#trunk.destroyed) return;
    if (this.#trunk.writableLength + bytes.length > MAX_UNREAD_BYTES) {
      this.#end(`the peer reads nothing: ${String(this.#trunk.writableLength)} bytes wait for it`);
      return;
    }
    const cut = bytes.length > FIRST_PIECE_BYTES ? FIRST_PIECE_BYTES : bytes.length;
    for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      if (piece.length === 0) continue;
      const header = Buffer.alloc(HEADER_BYTES);
      header.writeUInt32BE(id, 0);
      header.writeUInt32BE(piece.length, 4);
      this.#trunk.write(Buffer.concat([header, piece]));
    }
  }

  #receive(chunk: Buffer): void {
    this.#bytes.push(chunk);
    try {
      while (this.#deliver());
    } catch (error) {
      this.#end(describeError(error));
    }
  }

  #deliver(): boolean {
    const header = this.#bytes.peek(HEADER_BYTES);
    if (header === undefined || this.#trunk.destroyed) return false;
    const length = header.readUInt32BE(4);
    if (length > MAX_PAYLOAD_BYTES)
      throw new RuntimeError('InvalidArgument', `the peer sent a piece of ${String(length)} bytes`);
    const piece = this.#bytes.take(HEADER_BYTES + length);
    if (piece === undefined) return false;
    // What is for a connection that nobody opened is dropped, as the other implementations do.
    this.#channels.get(piece.readUInt32BE(0))?.onBytes(piece.subarray(HEADER_BYTES));
    return true;
  }

  #end(why: string): void {
    this.#closed.resolve(new RuntimeError('Unavailable', why));
    this.#trunk.destroy();
  }
}
