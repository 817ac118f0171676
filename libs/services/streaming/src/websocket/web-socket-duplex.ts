import { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { closeWebSocket } from './close-web-socket.ts';

/** A WebSocket as a stream of bytes: where the messages begin and end means nothing. */
export class WebSocketDuplex extends Duplex {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.on('message', (message) => {
      if (!this.destroyed && !this.push(message)) socket.pause();
    });
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => {
      if (!this.destroyed) this.push(null);
    });
  }

  override _read(): void {
    if (this.#socket.isPaused) this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#socket.send(chunk, { binary: true }, callback);
  }

  /** All in one message: a frame's head and its payload come together. */
  override _writev(chunks: { readonly chunk: unknown }[], callback: (error?: Error | null) => void): void {
    const payload = Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer));
    this.#socket.send(payload, { binary: true }, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    void closeWebSocket(this.#socket).then(() => callback());
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#socket.terminate();
    callback(error);
  }
}
