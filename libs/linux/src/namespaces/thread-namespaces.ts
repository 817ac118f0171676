import { closeSync, openSync } from 'node:fs';
import { type NamespaceType, openOwnNamespace, setns } from '../syscalls/namespaces.ts';

/** The thread could not go back to its own namespaces, and must do nothing more. */
export class ThreadLostError extends Error {
  override readonly name = 'ThreadLostError';
}

/**
 * Runs `work` after `enter` has moved the calling thread to other namespaces of the given types, and moves
 * it back whatever happens.
 * @throws ThreadLostError if it can't be moved back.
 */
export function inOtherNamespaces<T>(types: readonly NamespaceType[], enter: () => void, work: () => T): T {
  const own = types.map((type) => ({ type, fd: openOwnNamespace(type) }));
  try {
    enter();
    return work();
  } finally {
    goBack(own);
  }
}

/** Runs `work` in the network namespace that is pinned at a path. */
export function inNetwork<T>(path: string, work: () => T): T {
  return inOtherNamespaces(['net'], () => enterPinned(path, 'net'), work);
}

/** Moves the calling thread to a pinned namespace; for use as `enter`. */
export function enterPinned(path: string, type: NamespaceType): void {
  const fd = openSync(path, 'r');
  try {
    setns(fd, type);
  } finally {
    closeSync(fd);
  }
}

function goBack(own: readonly { readonly type: NamespaceType; readonly fd: number }[]): void {
  for (const { type, fd } of own) {
    try {
      setns(fd, type);
    } catch (cause) {
      throw new ThreadLostError(`the thread can't return to its own ${type} namespace`, { cause });
    } finally {
      closeSync(fd);
    }
  }
}
