import { type FileHandle, open, stat } from 'node:fs/promises';
import { errnoCode } from '@crihub/kernel';
import { rotatedFiles } from './rotated-files.ts';

/** The kubelet reads as root; a log collector by its group. */
const MODE = 0o640;
const NEWLINE = '\n';

/** Where entries are put: what a log held before them, and in which file. */
export interface LogPlace {
  /** Number of the file (inode). */
  readonly file: bigint;
  /** Size of the file before, in bytes. */
  readonly offset: number;
}

/** An open log file, to which whole entries are appended. Nobody else writes to it. */
export class LogFile {
  readonly #handle: FileHandle;
  readonly #number: bigint;
  #size: number;
  #torn: boolean;

  private constructor(handle: FileHandle, { number, size, torn }: FileFacts) {
    this.#handle = handle;
    this.#number = number;
    this.#size = size;
    this.#torn = torn;
  }

  /** Opens or makes the file. @throws what the system says */
  static async open(path: string): Promise<LogFile> {
    const handle = await open(path, 'a+', MODE);
    try {
      return new LogFile(handle, await factsOf(handle));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** The file of that number: the log itself, or one that it became since. */
  static async find(path: string, number: bigint): Promise<LogFile | undefined> {
    for (const candidate of [path, ...(await rotatedFiles(path))]) {
      if ((await numberOf(candidate)) === number) return await LogFile.open(candidate);
    }
    return undefined;
  }

  /**
   * @param begin is told where the entries will be, before the first of them is.
   * @throws what the system says; part of the entries may then be written, and the next append mends the line.
   */
  async append(entries: Buffer, begin?: (place: LogPlace) => void): Promise<void> {
    if (this.#torn) await this.#mend();
    begin?.({ file: this.#number, offset: this.#size });
    await this.#write(entries);
  }

  /** Appends what is missing of entries that somebody began to put at the offset. */
  async complete(entries: Buffer, offset: number): Promise<void> {
    const written = Math.min(Math.max(this.#size - offset, 0), entries.length);
    if (written < entries.length) await this.#write(entries.subarray(written));
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #mend(): Promise<void> {
    await this.#handle.appendFile(NEWLINE);
    this.#size = (await this.#handle.stat()).size;
  }

  async #write(entries: Buffer): Promise<void> {
    this.#torn = true;
    await this.#handle.appendFile(entries);
    this.#size += entries.length;
    this.#torn = false;
  }
}

interface FileFacts {
  readonly number: bigint;
  readonly size: number;
  /** A writer died, or the disk was full, in the middle of an entry. */
  readonly torn: boolean;
}

async function factsOf(handle: FileHandle): Promise<FileFacts> {
  const stats = await handle.stat({ bigint: true });
  const [number, size] = [stats.ino, Number(stats.size)];
  if (!stats.isFile() || size === 0) return { number, size, torn: false };
  const last = Buffer.alloc(1);
  await handle.read(last, 0, 1, size - 1);
  return { number, size, torn: last.toString() !== NEWLINE };
}

async function numberOf(path: string): Promise<bigint | undefined> {
  try {
    return (await stat(path, { bigint: true })).ino;
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
