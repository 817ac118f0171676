import { Socket } from 'node:net';
import { PassThrough, type Readable, Writable } from 'node:stream';
import { untilWritable } from '@crihub/kernel';
import { makeFifo, openReadingEnd, openWritingEnd } from '../io/fifo.ts';
import { OutputReader } from '../io/output-reader.ts';

/**
 * The output of a process as a stream. Whoever destroys it gives the output up: the rest is read and
 * discarded, so that the process does not wait for ever.
 */
export class FifoOutput {
  readonly stream: Readable;
  readonly #reader: OutputReader;

  private constructor(descriptor: number) {
    const stream = new PassThrough();
    this.stream = stream;
    this.#reader = new OutputReader(descriptor, async (chunk) => {
      if (stream.destroyed || stream.write(Buffer.from(chunk))) return;
      await untilWritable(stream);
    });
    void this.#reader.ended.then(() => stream.end());
  }

  static async open(path: string): Promise<FifoOutput> {
    makeFifo(path);
    return new FifoOutput(await openReadingEnd(path));
  }

  /** Ends the stream after what was read, though somebody may still write. */
  async close(): Promise<void> {
    if (!this.stream.readableFlowing) this.stream.destroy();
    await this.#reader.close();
  }
}

/** Standard input; `ended` is called when the writer has ended it, and all was passed on. */
export async function openFifoInput(path: string, ended: () => Promise<void>): Promise<Writable> {
  const socket = new Socket({ fd: await openWritingEnd(path), readable: false, writable: true });
  const input = new Writable({
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, (error) => done(error ?? null)),
    final: (done) => {
      socket.end(() => {
        socket.destroy();
        ended().then(() => done(), done);
      });
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  // A process that has ended reads no more: each write learns of it, and nobody else has to.
  socket.on('error', () => undefined);
  input.on('error', () => undefined);
  return input;
}
