/** Bytes that have arrived, taken in pieces of a known length. */
export class ByteQueue {
  #chunks: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The next bytes without taking them; undefined if fewer have arrived. */
  peek(length: number): Buffer | undefined {
    if (this.#length < length) return undefined;
    if ((this.#chunks[0]?.length ?? 0) < length) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]?.subarray(0, length) ?? Buffer.alloc(0);
  }

  /** Takes the next bytes; undefined if fewer have arrived. */
  take(length: number): Buffer | undefined {
    const taken = this.peek(length);
    if (taken === undefined || length === 0) return taken;
    const [first = taken, ...rest] = this.#chunks;
    this.#chunks = first.length === length ? rest : [first.subarray(length), ...rest];
    this.#length -= length;
    return taken;
  }
}
