import { closeSync, openSync } from 'node:fs';
import { inOtherNamespaces } from '../namespaces/thread-namespaces.ts';
import { closeDescriptor } from '../syscalls/libc.ts';
import { attach, changeMount, cloneTree } from '../syscalls/mount.ts';
import { unshare } from '../syscalls/namespaces.ts';
import type { OverlayMount } from './overlay-mount.ts';

/**
 * Mounts an overlay whose lower layers show the ids of a user namespace. Overlayfs wants such layers to be
 * mounted, so they are, each over itself, in a mount namespace that only this call sees and that is gone
 * with it; the overlay alone is brought out of it.
 */
export function mountWithIdmappedLayers(
  overlay: OverlayMount,
  userns: string,
  mountPlain: (overlay: OverlayMount) => void,
): void {
  const usernsFd = openSync(userns, 'r');
  try {
    const mounted = inOtherNamespaces(
      ['mnt'],
      () => unshare(['mnt']),
      () => {
        changeMount('/', { propagation: 'private', recursive: true });
        for (const path of new Set(overlay.lower)) idmapInPlace(path, usernsFd);
        mountPlain(overlay);
        return cloneTree(overlay.target, false);
      },
    );
    try {
      attach(mounted, overlay.target);
    } finally {
      closeDescriptor(mounted);
    }
  } finally {
    closeSync(usernsFd);
  }
}

function idmapInPlace(path: string, usernsFd: number): void {
  const tree = cloneTree(path, false);
  try {
    changeMount(tree, { usernsFd });
    attach(tree, path);
  } finally {
    closeDescriptor(tree);
  }
}
