import { closeSync, openSync } from 'node:fs';
import { cFunction, cString } from './libc.ts';
import { MNT_DETACH, unmount } from './mount.ts';

const pivotRootCall = cFunction('pivot_root', ['pointer', 'pointer'], { pathArgument: 0 });
const chdirCall = cFunction('chdir', ['pointer'], { pathArgument: 0 });
const fchdirCall = cFunction('fchdir', ['int']);
const chrootCall = cFunction('chroot', ['pointer'], { pathArgument: 0 });

/**
 * Makes a mount the root of the calling thread's mount namespace, and of all that run there below the old
 * root, which is detached.
 */
export function replaceRoot(newRoot: string): void {
  chdirCall(cString(newRoot));
  // With both the same, the old root lies on the new one until it is unmounted (pivot_root(2), NOTES).
  pivotRootCall(cString('.'), cString('.'));
  unmount('.', MNT_DETACH);
}

/** The calling thread's root, for `changeRoot`. Close it with `closeRoot`. */
export const openRoot = (): number => openSync('/', 'r');

export const closeRoot = closeSync;

/** Moves the calling thread, which must have a root of its own, to a root; its working directory too. */
export function changeRoot(fd: number): void {
  fchdirCall(fd);
  chrootCall(cString('.'));
}
