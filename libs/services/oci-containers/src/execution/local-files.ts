import { constants, watch } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { errnoCode } from '@crihub/kernel';
import type { DirectoryListener, Files, FileStatus } from './executor.ts';

/** The files of this machine. */
export class LocalFiles implements Files {
  #written = 0;

  async read(path: string): Promise<string | undefined> {
    return await ifPresent(readFile(path, 'utf8'));
  }

  async write(path: string, content: string): Promise<void> {
    this.#written += 1;
    const temporary = `${path}.${String(process.pid)}-${String(this.#written)}.new`;
    await writeFile(temporary, content, { mode: 0o600 });
    await rename(temporary, path);
  }

  async sendToFifo(path: string, message: string): Promise<void> {
    const fifo = await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      await fifo.write(message);
    } finally {
      await fifo.close();
    }
  }

  async makeDirectory(path: string, mode = 0o711): Promise<void> {
    await mkdir(path, { recursive: true, mode });
  }

  async list(path: string): Promise<readonly string[]> {
    return (await ifPresent(readdir(path))) ?? [];
  }

  async status(path: string): Promise<FileStatus | undefined> {
    const found = await ifPresent(stat(path, { bigint: true }));
    return found && { inode: found.ino, modifiedAt: found.mtimeNs };
  }

  async remove(path: string): Promise<void> {
    await rm(path, { recursive: true, force: true });
  }

  async watch(directory: string, { changed, lost }: DirectoryListener, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { ino } = await stat(directory);
    const watcher = watch(directory, { persistent: false });
    watcher.on('error', lost);
    watcher.on('change', (_event, name) => {
      if (typeof name === 'string') changed(name);
    });
    signal.addEventListener('abort', () => watcher.close(), { once: true });
    // Someone may have put another directory in its place between the two calls.
    if ((await stat(directory)).ino !== ino) lost(new Error(`${directory} was replaced`));
  }
}

/** ESRCH is what files of /proc say of a process that has just ended. */
const ABSENT = ['ENOENT', 'ENOTDIR', 'ESRCH'];

async function ifPresent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (ABSENT.includes(errnoCode(error) ?? '')) return undefined;
    throw error;
  }
}
