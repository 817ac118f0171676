/** Keeps the first `limit` bytes of a stream and counts the rest. */
export class OutputBuffer {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  #discarded = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get discarded(): number {
    return this.#discarded;
  }

  push(chunk: Buffer): void {
    const room = this.#limit - this.#kept;
    const part = chunk.length <= room ? chunk : chunk.subarray(0, room);
    if (part.length > 0) this.#chunks.push(part);
    this.#kept += part.length;
    this.#discarded += chunk.length - part.length;
  }

  take(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
