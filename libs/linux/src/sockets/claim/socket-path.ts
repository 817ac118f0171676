import type { BigIntStats } from 'node:fs';
import { lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { errnoCode, RuntimeError } from '@crihub/kernel';

/** sockaddr_un has 108 bytes for a path and its end (unix(7)). */
const MAX_PATH_BYTES = 107;
const PROBE_TIMEOUT_MS = 2_000;

/** @throws InvalidArgument for a path that the kernel would cut or refuse. */
export function checkSocketPath(path: string, reservedBytes: number): void {
  const limit = MAX_PATH_BYTES - reservedBytes;
  const length = Buffer.byteLength(path);
  if (!path.startsWith('/')) {
    throw new RuntimeError('InvalidArgument', `the socket path "${path}" is not absolute`);
  }
  if (length > limit) {
    const sentence = `the socket path "${path}" has ${String(length)} bytes, at most ${String(limit)} are possible`;
    throw new RuntimeError('InvalidArgument', `${sentence}: choose a shorter one`);
  }
}

/**
 * Makes sure that nothing of value is at the path.
 * @throws FailedPrecondition if a server listens there, or something that is not a socket.
 */
export async function refuseLiveSocket(path: string): Promise<void> {
  const entry = await statOf(path);
  if (entry === undefined) return;
  if (!entry.isSocket()) {
    throw new RuntimeError(
      'FailedPrecondition',
      `${path} is there and not a socket: remove it, or choose another path`,
    );
  }
  if (await someoneListens(path)) {
    throw new RuntimeError(
      'FailedPrecondition',
      `another server listens on ${path}: stop it, or choose another path`,
    );
  }
}

// Refused means that no process has the socket open. All else, such as a full queue, is a sign of life.
async function someoneListens(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.setTimeout(PROBE_TIMEOUT_MS, () => resolve(true));
  socket.once('connect', () => resolve(true));
  socket.once('error', (error) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(errnoCode(error) ?? '')));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

/** Removes the socket if it is still the one with this inode number. */
export async function removeSocket(path: string, inode: bigint): Promise<void> {
  const entry = await statOf(path);
  if (entry?.ino === inode) await rm(path, { force: true });
}

async function statOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
