import { closeSync, mkdirSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { errnoCode } from '@crihub/kernel';
import { closeDescriptor } from '../syscalls/libc.ts';
import {
  attach,
  changeMount,
  cloneTree,
  createFilesystem,
  MNT_DETACH,
  mount,
  type MountAttribute,
  type MountChange,
  MS_BIND,
  MS_MOVE,
  unmount,
} from '../syscalls/mount.ts';
import { mountOf, parseMountInfo } from './mountinfo.ts';

/** Changes of a mount; `idmap` is the path of a user namespace, such as `/proc/<pid>/ns/user` or a pinned one. */
export interface MountSettings extends Omit<MountChange, 'usernsFd' | 'clear'> {
  readonly idmap?: string | undefined;
}

export interface BindMount extends MountSettings {
  readonly source: string;
  readonly target: string;
  /** Whether mounts under the source come along. */
  readonly recursive?: boolean | undefined;
  /** Applied to the mounts that come along too (a recursive read-only bind); default: to the first alone. */
  readonly recursiveSettings?: boolean | undefined;
}

/** Binds a file or directory. The settings hold from the moment at which the mount is visible. */
export function bindMount(mount: BindMount): void {
  withClone(mount, (tree) => attach(tree, mount.target));
}

/** Hands a detached mount of the source, with its settings, to whoever attaches it. */
export function withClone(
  { source, recursive = false, recursiveSettings = false, ...settings }: Omit<BindMount, 'target'>,
  use: (tree: number) => void,
): void {
  const tree = cloneTree(source, recursive);
  try {
    changeSettings(tree, { ...settings, recursive: recursiveSettings });
    use(tree);
  } finally {
    closeDescriptor(tree);
  }
}

/** Moves a mount, with all that is mounted in it, to another place. Neither place may be shared. */
export function moveMount(from: string, to: string): void {
  mount(from, to, 'none', MS_MOVE);
}

/** A plain bind, which works for the magic links of `/proc/<pid>/ns` on all kernels. */
export function bindFile(source: string, target: string): void {
  mount(source, target, 'none', MS_BIND);
}

export function changeMountAt({
  target,
  ...change
}: { readonly target: string } & Omit<MountChange, 'usernsFd'>): void {
  changeMount(target, change);
}

export interface TmpfsMount {
  readonly target: string;
  readonly sizeBytes?: number | undefined;
  /** Permissions of its root, such as 0o1777. */
  readonly mode?: number | undefined;
  readonly attributes?: readonly MountAttribute[] | undefined;
}

export function mountTmpfs({ target, sizeBytes, mode, attributes = [] }: TmpfsMount): void {
  const parameters = [
    ...(sizeBytes === undefined ? [] : [{ key: 'size', value: String(sizeBytes) }]),
    ...(mode === undefined ? [] : [{ key: 'mode', value: mode.toString(8) }]),
  ];
  const mounted = createFilesystem('tmpfs', parameters, attributes);
  try {
    attach(mounted, target);
  } finally {
    closeDescriptor(mounted);
  }
}

/** Unmounts the topmost mount at a path; does nothing if there is none. */
export function unmountAt({
  target,
  detach = false,
}: {
  readonly target: string;
  readonly detach?: boolean | undefined;
}): void {
  try {
    unmount(target, detach ? MNT_DETACH : 0);
  } catch (error) {
    // EINVAL: not a mount point.
    if (!['EINVAL', 'ENOENT'].includes(errnoCode(error) ?? '')) throw error;
  }
}

/** Makes a directory that is on a shared mount: the one that it is on already, or else one of its own. */
export function shareDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o755 });
  const directory = realpathSync(path);
  const current = mountOf(parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8')), directory);
  if (current?.propagation === 'shared') return;
  if (current?.target !== directory) bindMount({ source: directory, target: directory, recursive: true });
  changeMount(directory, { propagation: 'shared', recursive: true });
}

/** Applies settings to a mount that is open and not attached yet. */
export function changeSettings(tree: number, { idmap, set, propagation, recursive }: MountSettings): void {
  if (idmap === undefined && propagation === undefined && (set ?? []).length === 0) return;
  const usernsFd = idmap === undefined ? undefined : openSync(idmap, 'r');
  try {
    changeMount(tree, { set, propagation, recursive, usernsFd });
  } finally {
    if (usernsFd !== undefined) closeSync(usernsFd);
  }
}
