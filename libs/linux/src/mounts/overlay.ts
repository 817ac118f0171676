import { RuntimeError } from '@crihub/kernel';
import { isAtLeast, type KernelVersion, runningKernel } from '../host/kernel-version.ts';
import type { MountAttribute } from '../syscalls/mount.ts';
import { bindMount } from './operations.ts';
import { mountWithIdmappedLayers } from './overlay-idmapped.ts';
import { mountByContext } from './overlay-context.ts';
import { mountByOptions } from './overlay-options.ts';

export interface OverlayMount {
  /** Directories, lowest layer first; at least one. */
  readonly lower: readonly string[];
  /** Where changes go. Without it the mount is read-only. */
  readonly writable?: { readonly upper: string; readonly work: string } | undefined;
  readonly target: string;
  readonly attributes?: readonly MountAttribute[] | undefined;
  /**
   * A user namespace (`/proc/<pid>/ns/user` or a pinned one): files of the lower layers show the ids that
   * its mapping gives them. Linux 5.19.
   */
  readonly idmap?: string | undefined;
  /** Further options of overlayfs, as `name` or `name=value` (`volatile`, `metacopy=off`). */
  readonly options?: readonly string[] | undefined;
}

/** Mounts layers over each other, however many there are and however long their paths. */
export function mountOverlay(overlay: OverlayMount, kernel: KernelVersion = runningKernel()): void {
  const { lower, writable, target, attributes = [], idmap } = overlay;
  const [lowest, ...rest] = lower;
  if (lowest === undefined) {
    throw new RuntimeError('InvalidArgument', `overlay at ${target}: there is no lower layer`);
  }
  // 6.5: overlayfs takes layers one by one.
  const mountPlain = isAtLeast(kernel, 6, 5) ? mountByContext : mountByOptions;
  if (rest.length === 0 && writable === undefined) {
    // The kernel wants two layers at least; one that nobody can write to is the directory itself.
    bindMount({ source: lowest, target, set: ['readonly', ...attributes], idmap });
  } else if (idmap === undefined) mountPlain(overlay);
  else mountWithIdmappedLayers(overlay, idmap, mountPlain);
}
