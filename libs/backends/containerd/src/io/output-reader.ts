import { Socket } from 'node:net';

/** Takes a chunk; reading goes on, into the same buffer, when the promise resolves. */
export type ChunkTaker = (chunk: Buffer) => Promise<void>;

/** What fits a pipe by default. Readers may share it whose takers are done with a chunk when they return. */
const SHARED = Buffer.allocUnsafeSlow(64 * 1024);

/** Reads a FIFO chunk by chunk. What was not taken yet stays in the FIFO, where a death loses nothing. */
export class OutputReader {
  /** Resolves when the last writer has closed, or this reader was closed, and the last chunk is taken. */
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  #taking: Promise<void> = Promise.resolve();
  #chunks = 0;

  constructor(descriptor: number, take: ChunkTaker, buffer: Buffer = SHARED) {
    this.#socket = new Socket({
      fd: descriptor,
      readable: true,
      writable: false,
      onread: {
        buffer: () => buffer,
        callback: (length) => {
          this.#chunks += 1;
          this.#taking = take(buffer.subarray(0, length)).finally(() => this.#socket.resume());
          return false;
        },
      },
    });
    this.ended = new Promise((resolve) => {
      this.#socket.once('close', () => void this.#taking.then(resolve));
    });
    // A FIFO that breaks has ended, as far as a container's output goes.
    this.#socket.on('error', () => undefined);
  }

  /** How many chunks came so far. */
  get chunks(): number {
    return this.#chunks;
  }

  async close(): Promise<void> {
    this.#socket.destroy();
    await this.ended;
  }
}
