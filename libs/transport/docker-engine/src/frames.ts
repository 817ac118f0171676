/** Which stream a frame belongs to; the engine tells its own errors as `system`. */
export type FrameStream = 'stdout' | 'stderr' | 'system';

export interface Frame {
  readonly stream: FrameStream;
  readonly payload: Buffer;
}

const HEADER_BYTES = 8;
const STREAMS: readonly FrameStream[] = ['stdout', 'stdout', 'stderr', 'system'];

/**
 * Takes the engine's multiplexed streams apart (Docker Engine API, "Stream format": one byte names the
 * stream, three are zero, four are the length, big-endian). Keeps an unfinished frame until it is whole;
 * what is whole is not copied.
 */
export class FrameParser {
  readonly #parts: Buffer[] = [];
  #size = 0;

  /** The frames that this chunk completes. */
  push(chunk: Buffer): Frame[] {
    this.#parts.push(chunk);
    this.#size += chunk.length;
    const needed = this.#needed();
    if (this.#size < needed) return [];
    const [first = chunk, ...more] = this.#parts;
    return this.#split(more.length === 0 ? first : Buffer.concat(this.#parts, this.#size));
  }

  /** The size of the first frame as far as it is known. */
  #needed(): number {
    const [first] = this.#parts;
    if (first === undefined || this.#size < HEADER_BYTES) return HEADER_BYTES;
    if (first.length < HEADER_BYTES) {
      const joined = Buffer.concat(this.#parts, this.#size);
      this.#parts.splice(0, this.#parts.length, joined);
      return HEADER_BYTES + joined.readUInt32BE(4);
    }
    return HEADER_BYTES + first.readUInt32BE(4);
  }

  #split(data: Buffer): Frame[] {
    const frames: Frame[] = [];
    let at = 0;
    while (at + HEADER_BYTES <= data.length) {
      const end = at + HEADER_BYTES + data.readUInt32BE(at + 4);
      if (end > data.length) break;
      const stream = STREAMS[data[at] ?? 0] ?? 'stdout';
      frames.push({ stream, payload: data.subarray(at + HEADER_BYTES, end) });
      at = end;
    }
    const rest = data.subarray(at);
    this.#parts.splice(0, this.#parts.length, ...(rest.length === 0 ? [] : [rest]));
    this.#size = rest.length;
    return frames;
  }
}
