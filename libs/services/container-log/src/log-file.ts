import { type FileHandle, open } from 'node:fs/promises';

/** The kubelet reads as root; a log collector by its group. */
const MODE = 0o640;
const NEWLINE = '\n';

/** An open log file, to which whole entries are appended. */
export class LogFile {
  readonly #handle: FileHandle;
  #torn: boolean;

  private constructor(handle: FileHandle, torn: boolean) {
    this.#handle = handle;
    this.#torn = torn;
  }

  /** Opens or makes the file. @throws what the system says */
  static async open(path: string): Promise<LogFile> {
    const handle = await open(path, 'a+', MODE);
    try {
      return new LogFile(handle, await endsTorn(handle));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** @throws what the system says; part of the entries may then be written, and the next append mends the line. */
  async append(entries: Buffer): Promise<void> {
    if (this.#torn) await this.#handle.appendFile(NEWLINE);
    this.#torn = true;
    await this.#handle.appendFile(entries);
    this.#torn = false;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** True if a writer died, or the disk was full, in the middle of an entry. */
async function endsTorn(handle: FileHandle): Promise<boolean> {
  const { size, mode } = await handle.stat();
  if ((mode & 0o170000) !== 0o100000 || size === 0) return false;
  const last = Buffer.alloc(1);
  await handle.read(last, 0, 1, size - 1);
  return last.toString() !== NEWLINE;
}
