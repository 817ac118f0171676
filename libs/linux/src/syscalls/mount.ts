import { readSync } from 'node:fs';
import { SystemCallError } from './error.ts';
import { cFunction, closeDescriptor, cString, numberedCall } from './libc.ts';

/** Constants of `linux/mount.h` and `linux/fcntl.h`. */
export const MS_BIND = 0x1000;
export const MS_MOVE = 0x2000;
export const MS_REC = 0x4000;
export const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;
const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const AT_RECURSIVE = 0x8000;
const OPEN_TREE_CLONE = 1;
const O_CLOEXEC = 0o2000000;
const FSOPEN_CLOEXEC = 1;
const FSMOUNT_CLOEXEC = 1;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const FSCONFIG = { flag: 0, string: 1, create: 6 } as const;

export const ATTRIBUTE_BITS = {
  readonly: 0x1,
  nosuid: 0x2,
  nodev: 0x4,
  noexec: 0x8,
  noatime: 0x10,
  nodiratime: 0x80,
  nosymfollow: 0x200000,
} as const;
const MOUNT_ATTR_IDMAP = 0x100000;

export const PROPAGATION_BITS = {
  unbindable: 1 << 17,
  private: 1 << 18,
  slave: 1 << 19,
  shared: 1 << 20,
} as const;

export type MountAttribute = keyof typeof ATTRIBUTE_BITS;
export type Propagation = keyof typeof PROPAGATION_BITS;

const mountCall = cFunction('mount', ['pointer', 'pointer', 'pointer', 'unsigned long', 'pointer'], {
  pathArgument: 1,
});
const umount2 = cFunction('umount2', ['pointer', 'int'], { pathArgument: 0 });
const openTreeCall = numberedCall('open_tree', 428, ['int', 'pointer', 'unsigned int'], { pathArgument: 1 });
const moveMountCall = numberedCall('move_mount', 429, ['int', 'pointer', 'int', 'pointer', 'unsigned int'], {
  pathArgument: 3,
});
const fsopenCall = numberedCall('fsopen', 430, ['pointer', 'unsigned int'], { pathArgument: 0 });
const fsconfigCall = numberedCall('fsconfig', 431, ['int', 'unsigned int', 'pointer', 'pointer', 'int']);
const fsmountCall = numberedCall('fsmount', 432, ['int', 'unsigned int', 'unsigned int']);
const mountSetattrCall = numberedCall(
  'mount_setattr',
  442,
  ['int', 'pointer', 'unsigned int', 'pointer', 'unsigned long'],
  { pathArgument: 1 },
);

/** mount(2). */
export function mount(source: string, target: string, type: string, flags: number, data = ''): void {
  mountCall(cString(source), cString(target), cString(type), flags, cString(data));
}

/** umount2(2), never through a symbolic link. */
export function unmount(target: string, flags: number): void {
  umount2(cString(target), flags | UMOUNT_NOFOLLOW);
}

/** A detached copy of the mount (with `recursive`, of the tree) at a path, as a file descriptor. */
export function cloneTree(path: string, recursive: boolean): number {
  const flags = OPEN_TREE_CLONE | O_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
  return openTreeCall(AT_FDCWD, cString(path), flags);
}

/** Attaches a detached mount; a symbolic link at `target` is not followed. */
export function attach(mountFd: number, target: string): void {
  moveMountCall(mountFd, cString(''), AT_FDCWD, cString(target), MOVE_MOUNT_F_EMPTY_PATH);
}

export interface MountChange {
  readonly set?: readonly MountAttribute[] | undefined;
  readonly clear?: readonly MountAttribute[] | undefined;
  readonly propagation?: Propagation | undefined;
  /** An open user namespace whose id mapping the (detached) mount gets. */
  readonly usernsFd?: number | undefined;
  readonly recursive?: boolean | undefined;
}

/** mount_setattr(2) on a path or on a mount's file descriptor. Nothing is changed when it fails. */
export function changeMount(place: string | number, change: MountChange): void {
  const attributes = Buffer.alloc(32);
  const set = attributeBits(change.set) | BigInt(change.usernsFd === undefined ? 0 : MOUNT_ATTR_IDMAP);
  attributes.writeBigUInt64LE(set, 0);
  attributes.writeBigUInt64LE(attributeBits(change.clear), 8);
  attributes.writeBigUInt64LE(BigInt(change.propagation ? PROPAGATION_BITS[change.propagation] : 0), 16);
  attributes.writeBigUInt64LE(BigInt(change.usernsFd ?? 0), 24);
  const recursive = change.recursive === true ? AT_RECURSIVE : 0;
  const [fd, path, flags] =
    typeof place === 'number' ? [place, '', AT_EMPTY_PATH | recursive] : [AT_FDCWD, place, recursive];
  mountSetattrCall(fd, cString(path), flags, attributes, attributes.length);
}

export type FilesystemParameter =
  { readonly flag: string } | { readonly key: string; readonly value: string };

/**
 * A new, detached mount of a filesystem, as a file descriptor (fsopen, fsconfig, fsmount).
 * A failure carries the kernel's own words from the context's log.
 */
export function createFilesystem(
  type: string,
  parameters: readonly FilesystemParameter[],
  attributes: readonly MountAttribute[],
): number {
  const context = fsopenCall(cString(type), FSOPEN_CLOEXEC);
  let last: FilesystemParameter | undefined;
  try {
    for (const parameter of parameters) {
      last = parameter;
      if ('flag' in parameter) fsconfigCall(context, FSCONFIG.flag, cString(parameter.flag), null, 0);
      else fsconfigCall(context, FSCONFIG.string, cString(parameter.key), cString(parameter.value), 0);
    }
    last = undefined;
    fsconfigCall(context, FSCONFIG.create, null, null, 0);
    return fsmountCall(context, FSMOUNT_CLOEXEC, Number(attributeBits(attributes)));
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    const words = [last === undefined ? type : describeParameter(last), readContextLog(context)];
    throw new SystemCallError(-error.errno, { ...error, detail: words.filter(Boolean).join(': ') });
  } finally {
    closeDescriptor(context);
  }
}

/** The kernel queues one message a read, each with a letter for its level in front; ENODATA ends them. */
function readContextLog(context: number): string | undefined {
  const messages: string[] = [];
  const buffer = Buffer.alloc(4096);
  try {
    for (let read = readSync(context, buffer); read > 0; read = readSync(context, buffer)) {
      messages.push(buffer.toString('utf8', 2, read).trim());
    }
  } catch {
    // ENODATA: no more messages.
  }
  return messages.length > 0 ? messages.join('; ') : undefined;
}

const describeParameter = (parameter: FilesystemParameter): string =>
  'flag' in parameter ? parameter.flag : `${parameter.key}=${parameter.value}`;

const attributeBits = (attributes: readonly MountAttribute[] = []): bigint =>
  attributes.reduce((bits, name) => bits | BigInt(ATTRIBUTE_BITS[name]), 0n);
