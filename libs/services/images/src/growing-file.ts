import { describeError, errnoCode, RuntimeError } from '@crihub/kernel';
import { type FileHandle, open, stat } from 'node:fs/promises';

type Listener = (bytes: number, complete: boolean) => void;

// Readers hear of growth in steps of this many bytes.
const STEP_BYTES = 256 * 1024;

/**
 * A file that one writer appends to while others read it: the queue between a download and its unpacking.
 * Its owner closes it; removing or renaming it is the owner's too.
 */
export class GrowingFile {
  readonly path: string;
  readonly #handle: FileHandle | undefined;
  readonly #listeners = new Set<Listener>();
  #bytes: number;
  #announced = 0;
  #complete: boolean;

  private constructor(path: string, handle: FileHandle | undefined, bytes: number) {
    this.path = path;
    this.#handle = handle;
    this.#bytes = bytes;
    this.#complete = handle === undefined;
  }

  /** A new, empty file. */
  static async create(path: string): Promise<GrowingFile> {
    return new GrowingFile(path, await open(path, 'wx', 0o600), 0);
  }

  /** A file that is there already and grows no more. */
  static async whole(path: string): Promise<GrowingFile> {
    const { size } = await stat(path);
    return new GrowingFile(path, undefined, size);
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  async append(chunk: Uint8Array): Promise<void> {
    if (this.#handle === undefined || this.#complete) {
      throw new RuntimeError('Internal', `${this.path} is complete already`);
    }
    try {
      for (let offset = 0; offset < chunk.length;) {
        const { bytesWritten } = await this.#handle.write(chunk, offset);
        offset += bytesWritten;
      }
    } catch (cause) {
      throw writeFailure(this.path, cause);
    }
    this.#bytes += chunk.length;
    if (this.#bytes - this.#announced >= STEP_BYTES) this.#announce();
  }

  /** Says that nothing more will come. */
  complete(): void {
    this.#complete = true;
    this.#announce();
  }

  /** Calls back at once, and whenever the file has grown. @returns what ends that. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (this.#announced > 0 || this.#complete) listener(this.#bytes, this.#complete);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.#handle?.close();
  }

  #announce(): void {
    this.#announced = this.#bytes;
    for (const listener of this.#listeners) listener(this.#bytes, this.#complete);
  }
}

function writeFailure(path: string, cause: unknown): RuntimeError {
  const isFull = ['ENOSPC', 'EDQUOT'].includes(errnoCode(cause) ?? '');
  return new RuntimeError(
    isFull ? 'ResourceExhausted' : 'Internal',
    `can't write ${path}: ${isFull ? 'the disk is full' : describeError(cause)}`,
    { cause },
  );
}
