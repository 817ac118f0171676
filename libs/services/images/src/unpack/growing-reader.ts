import { closeSync, openSync, readSync } from 'node:fs';

const CHUNK_BYTES = 512 * 1024;

/** Reads a file while another thread appends to it: it is told how far it may read. For worker threads. */
export class GrowingReader {
  readonly #path: string;
  #available = 0;
  #complete = false;
  #wake: (() => void) | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  grown(bytes: number, complete: boolean): void {
    this.#available = bytes;
    this.#complete = complete;
    this.#wake?.();
  }

  /** The file's content, up to its completion or the abort. */
  async *read(signal: AbortSignal): AsyncGenerator<Buffer> {
    const fd = openSync(this.#path, 'r');
    try {
      let offset = 0;
      while (!signal.aborted) {
        if (offset < this.#available) {
          // A fresh buffer each time: the decompressor's thread may still read the last one.
          const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, this.#available - offset));
          const length = readSync(fd, buffer, 0, buffer.length, offset);
          if (length === 0) throw new Error(`${this.#path} is shorter than what was written to it`);
          offset += length;
          yield buffer.subarray(0, length);
        } else if (this.#complete) {
          return;
        } else {
          await this.#growth(signal);
        }
      }
    } finally {
      closeSync(fd);
    }
  }

  async #growth(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    this.#wake = undefined;
  }
}
