import type { ChunkPlace } from '@crihub/service-container-log';

/** What fits a pipe by default. */
const DATA_BYTES = 64 * 1024;
const DATA = 4096;
/** Of the file that holds one of these. */
export const PENDING_BYTES = DATA + DATA_BYTES;

/** Where the numbers of the head are; each has eight bytes, and the name follows them. */
const HEAD = { state: 0, length: 8, file: 16, offset: 24, time: 32, nameLength: 40, name: 48 } as const;
const LONGEST_NAME = 1024;

/** What is known of the data. */
const STATES = { read: 0, inHand: 1, beingWritten: 2, written: 3 } as const;

/** A chunk that is not, or not known to be, in the log. */
export interface PendingChunk {
  readonly data: Buffer;
  /** Absent if nothing of it was written. */
  readonly place: ChunkPlace | undefined;
}

/**
 * What was read of one stream and is not in its log yet, in memory that outlives the process. The kernel reads into
 * it, so there is no moment at which a chunk is neither in the FIFO nor here. Unused data are zeros: a chunk whose
 * length nobody came to note ends with its last other byte.
 */
export class PendingOutput {
  /** To be read into. */
  readonly buffer: Buffer;
  readonly #head: Buffer;

  /** @param memory of `PENDING_BYTES`, zeros at first. */
  constructor(memory: Buffer) {
    this.#head = memory.subarray(0, DATA);
    this.buffer = memory.subarray(DATA, PENDING_BYTES);
  }

  /** The stream that it serves, or served last. */
  get name(): string {
    const length = Math.min(this.#get(HEAD.nameLength), LONGEST_NAME);
    return this.#head.toString('utf8', HEAD.name, HEAD.name + length);
  }

  /** Begins anew for a stream, with nothing in it. */
  serve(name: string): void {
    this.#set(HEAD.nameLength, this.#head.write(name, HEAD.name, LONGEST_NAME));
  }

  /** So much was read. */
  took(length: number): void {
    this.#set(HEAD.length, length);
    this.#set(HEAD.state, STATES.inHand);
  }

  /** Its entries will be there. */
  writesAt({ file, offset, timeNs }: ChunkPlace): void {
    this.#head.writeBigUInt64LE(file, HEAD.file);
    this.#set(HEAD.offset, offset);
    this.#head.writeBigUInt64LE(timeNs, HEAD.time);
    this.#set(HEAD.state, STATES.beingWritten);
  }

  /** All of it is in the log. */
  clear(): void {
    const length = this.#length;
    this.#set(HEAD.state, STATES.written); // a death in the middle must not leave half a chunk
    this.buffer.fill(0, 0, length);
    this.#set(HEAD.length, 0);
    this.#set(HEAD.state, STATES.read);
  }

  /** Holds a chunk of this process's; what an earlier one left may not be noted. */
  get isTaken(): boolean {
    return this.#get(HEAD.state) !== STATES.read;
  }

  /** What an earlier process left. */
  get chunk(): PendingChunk | undefined {
    const length = this.#length;
    if (length === 0 || this.#get(HEAD.state) === STATES.written) return undefined;
    return { data: this.buffer.subarray(0, length), place: this.#place };
  }

  get #place(): ChunkPlace | undefined {
    if (this.#get(HEAD.state) !== STATES.beingWritten) return undefined;
    return {
      file: this.#head.readBigUInt64LE(HEAD.file),
      offset: this.#get(HEAD.offset),
      timeNs: this.#head.readBigUInt64LE(HEAD.time),
    };
  }

  get #length(): number {
    if (this.isTaken) return Math.min(this.#get(HEAD.length), DATA_BYTES);
    let length = DATA_BYTES;
    while (length > 0 && this.buffer[length - 1] === 0) length -= 1;
    return length;
  }

  #get(at: number): number {
    return Number(this.#head.readBigUInt64LE(at));
  }

  #set(at: number, value: number): void {
    this.#head.writeBigUInt64LE(BigInt(value), at);
  }
}
