import { chmod, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RuntimeError } from '@crihub/kernel';
import { FileLock } from './file-lock.ts';
import { checkSocketPath, refuseLiveSocket, removeSocket } from './socket-path.ts';

const STAGING_SUFFIX = '.new';
const STAGED_NAME = 's';

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o755 });
  } catch (cause) {
    throw new RuntimeError('FailedPrecondition', `can't make the folder of the socket, ${path}`, { cause });
  }
}

/**
 * The right to serve at a path. The server binds in a directory that nobody else may enter, and the
 * finished socket is moved to its place: it is never there with a wrong mode, and a stale one is replaced
 * in one step.
 */
export class SocketClaim {
  readonly #path: string;
  readonly #lock: FileLock;
  #inode: bigint | undefined;

  private constructor(path: string, lock: FileLock) {
    this.#path = path;
    this.#lock = lock;
  }

  /**
   * @throws InvalidArgument for an impossible path; FailedPrecondition if another server listens there or
   * is about to.
   */
  static async acquire(path: string): Promise<SocketClaim> {
    checkSocketPath(path, `${STAGING_SUFFIX}/${STAGED_NAME}`.length);
    await makeFolder(dirname(path));
    const lock = FileLock.acquire(`${path}.lock`);
    if (lock === undefined) {
      throw new RuntimeError(
        'FailedPrecondition',
        `another crihub serves at ${path}: stop it, or choose another path`,
      );
    }
    const claim = new SocketClaim(path, lock);
    try {
      await refuseLiveSocket(path);
      await claim.#makeStaging();
      return claim;
    } catch (error) {
      await claim.release();
      throw error;
    }
  }

  /** Where to bind. */
  get stagedPath(): string {
    return join(this.#path + STAGING_SUFFIX, STAGED_NAME);
  }

  /** Gives the bound socket its mode and moves it to its place. */
  async publish(mode: number): Promise<void> {
    await chmod(this.stagedPath, mode);
    this.#inode = (await lstat(this.stagedPath, { bigint: true })).ino;
    await rename(this.stagedPath, this.#path);
    await this.#removeStaging();
  }

  /** Takes the socket away, so that nobody finds it any more. */
  async withdraw(): Promise<void> {
    const inode = this.#inode;
    this.#inode = undefined;
    if (inode !== undefined) await removeSocket(this.#path, inode);
  }

  /** Gives the path free for another server. */
  async release(): Promise<void> {
    await this.withdraw();
    await this.#removeStaging();
    this.#lock[Symbol.dispose]();
  }

  // A server that was killed may have left one.
  async #makeStaging(): Promise<void> {
    await this.#removeStaging();
    await mkdir(this.#path + STAGING_SUFFIX, { mode: 0o700 });
  }

  async #removeStaging(): Promise<void> {
    await rm(this.#path + STAGING_SUFFIX, { recursive: true, force: true });
  }
}
