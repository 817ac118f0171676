import { refused } from '../content-error.ts';

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const RLE_BLOCK = 1;

/** What the next bytes are: `need` of them are looked at together, or `left` of them passed over. */
type State =
  | { readonly at: 'magic' | 'descriptor' | 'blockHeader' | 'skippableSize'; readonly need: number }
  | { readonly at: 'pass'; left: number; readonly then: State };

const FRAME_START: State = { at: 'magic', need: 4 };
const BLOCK_HEADER: State = { at: 'blockHeader', need: 3 };

/**
 * Cuts a zstd stream so that no chunk holds the end of one frame and the start of the next. Node's decompressor forgets what follows the end of a frame in the same chunk, and
 * layers are often made of many frames (pzstd, zstd:chunked). Format: RFC 8878, section 3.
 */
export async function* splitZstdFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const walker = new FrameWalker();
  for await (const chunk of source) yield* walker.push(chunk);
  walker.finish();
}

class FrameWalker {
  #state: State = FRAME_START;
  #header: Buffer = Buffer.alloc(0);
  #hasChecksum = false;

  *push(chunk: Buffer): Generator<Buffer> {
    // The run of bytes that is passed on as one piece; it ends with the frame.
    let start = 0;
    let offset = 0;
    while (offset < chunk.length) {
      const state = this.#state;
      if (state.at !== 'pass') {
        const taken = Math.min(state.need - this.#header.length, chunk.length - offset);
        this.#header = Buffer.concat([this.#header, chunk.subarray(offset, offset + taken)]);
        offset += taken;
        if (this.#header.length === state.need) this.#decide(state);
      } else {
        const taken = Math.min(state.left, chunk.length - offset);
        offset += taken;
        state.left -= taken;
        if (state.left === 0) this.#state = state.then;
      }
      if (this.#state === FRAME_START && this.#header.length === 0) {
        if (offset > start) yield chunk.subarray(start, offset);
        start = offset;
      }
    }
    if (offset > start) yield chunk.subarray(start, offset);
  }

  finish(): void {
    const complete = this.#state === FRAME_START && this.#header.length === 0;
    if (!complete) throw refused('the zstd stream is truncated');
  }

  #decide(state: State): void {
    const header = this.#header;
    this.#header = Buffer.alloc(0);
    switch (state.at) {
      case 'magic':
        this.#state = afterMagic(header.readUInt32LE(0));
        return;
      case 'skippableSize':
        this.#state = pass(header.readUInt32LE(0), FRAME_START);
        return;
      case 'descriptor': {
        const descriptor = header[0] ?? 0;
        this.#hasChecksum = (descriptor & 0x04) !== 0;
        this.#state = pass(frameHeaderLength(descriptor), BLOCK_HEADER);
        return;
      }
      case 'blockHeader':
        this.#state = this.#afterBlockHeader(header.readUIntLE(0, 3));
        return;
      case 'pass':
        return;
    }
  }

  #afterBlockHeader(block: number): State {
    const isLast = (block & 1) !== 0;
    const size = ((block >> 1) & 3) === RLE_BLOCK ? 1 : block >> 3;
    if (!isLast) return pass(size, BLOCK_HEADER);
    return pass(size + (this.#hasChecksum ? 4 : 0), FRAME_START);
  }
}

function afterMagic(magic: number): State {
  if (magic === MAGIC) return { at: 'descriptor', need: 1 };
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) return { at: 'skippableSize', need: 4 };
  throw refused('the zstd stream has data after its end that is no frame');
}

const pass = (left: number, then: State): State => (left === 0 ? then : { at: 'pass', left, then });

/** Bytes of the frame header after its descriptor: window, dictionary id and content size. */
function frameHeaderLength(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentSize = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  return (singleSegment ? 0 : 1) + dictionary + contentSize;
}
