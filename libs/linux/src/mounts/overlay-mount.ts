import type { MountAttribute } from '../syscalls/mount.ts';

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
