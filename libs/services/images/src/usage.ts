import { errnoCode, Semaphore } from '@crihub/kernel';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface DirectoryUsage {
  /** Bytes of disk space, not of content. */
  readonly usedBytes: number;
  readonly inodesUsed: number;
}

const PARALLEL_CALLS = 16;

/**
 * What a directory takes on disk, each inode once, such as the writable layer of a container. Files that
 * vanish meanwhile don't count; a directory that is not there takes nothing.
 */
export async function directoryUsage(directory: string, signal?: AbortSignal): Promise<DirectoryUsage> {
  const walk = new UsageWalk(signal);
  await walk.visit(directory);
  return { usedBytes: walk.usedBytes, inodesUsed: walk.inodesUsed };
}

class UsageWalk {
  usedBytes = 0;
  inodesUsed = 0;
  readonly #signal: AbortSignal | undefined;
  readonly #calls = new Semaphore(PARALLEL_CALLS);
  readonly #linked = new Set<string>();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  async visit(path: string): Promise<void> {
    const stats = await this.#call(() => lstat(path));
    if (stats === undefined) return;
    if (
      stats.nlink === 1 ||
      stats.isDirectory() ||
      this.#isFirst(`${String(stats.dev)}:${String(stats.ino)}`)
    ) {
      this.usedBytes += stats.blocks * 512;
      this.inodesUsed += 1;
    }
    if (!stats.isDirectory()) return;
    const names = (await this.#call(() => readdir(path))) ?? [];
    await Promise.all(names.map((name) => this.visit(join(path, name))));
  }

  #isFirst(inode: string): boolean {
    if (this.#linked.has(inode)) return false;
    this.#linked.add(inode);
    return true;
  }

  async #call<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await this.#calls.run(work, this.#signal);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(errnoCode(error) ?? '')) return undefined;
      throw error;
    }
  }
}
