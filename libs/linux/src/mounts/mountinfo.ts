import { readFile } from 'node:fs/promises';
import type { Propagation } from '../syscalls/mount.ts';

/** One line of `/proc/self/mountinfo` (proc_pid_mountinfo(5)). */
export interface MountEntry {
  readonly id: number;
  readonly parentId: number;
  /** `major:minor` of the filesystem. */
  readonly device: string;
  /** The directory of the filesystem that is mounted. */
  readonly root: string;
  readonly target: string;
  readonly options: readonly string[];
  readonly propagation: Propagation;
  readonly type: string;
  readonly source: string;
  readonly superOptions: readonly string[];
}

/** All mounts of this process's mount namespace, or those at or under a directory; parents first. */
export async function listMounts(under = '/'): Promise<readonly MountEntry[]> {
  const entries = parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8'));
  return entries.filter(({ target }) => isAtOrUnder(target, under));
}

/** The propagation of the mount that a path (absolute and without symbolic links) is on. */
export async function mountPropagationOf(path: string): Promise<Propagation> {
  return (
    mountOf(parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8')), path)?.propagation ?? 'private'
  );
}

/** The mount that a path is on: the deepest target, and of several on one target the latest. */
export function mountOf(entries: readonly MountEntry[], path: string): MountEntry | undefined {
  return entries
    .filter(({ target }) => isAtOrUnder(path, target))
    .reduce<MountEntry | undefined>(
      (best, entry) => (best === undefined || entry.target.length >= best.target.length ? entry : best),
      undefined,
    );
}

export function parseMountInfo(text: string): readonly MountEntry[] {
  return text.split('\n').filter(Boolean).map(parseLine);
}

export const isAtOrUnder = (path: string, directory: string): boolean =>
  directory === '/' || path === directory || path.startsWith(`${directory}/`);

function parseLine(line: string): MountEntry {
  const fields = line.split(' ');
  const separator = fields.indexOf('-', 6); // optional fields, as many as there are, end with a dash
  const [id, parentId, device, root, target, options] = fields;
  const [type, source, superOptions] = fields.slice(separator + 1);
  return {
    id: Number(id),
    parentId: Number(parentId),
    device: device ?? '',
    root: unescape(root),
    target: unescape(target),
    options: (options ?? '').split(','),
    propagation: propagationOf(fields.slice(6, separator)),
    type: type ?? '',
    source: unescape(source),
    superOptions: unescape(superOptions).split(','),
  };
}

function propagationOf(optionalFields: readonly string[]): Propagation {
  if (optionalFields.some((field) => field.startsWith('shared:'))) return 'shared';
  if (optionalFields.some((field) => field.startsWith('master:'))) return 'slave';
  return optionalFields.includes('unbindable') ? 'unbindable' : 'private';
}

/** The kernel writes space, tab, newline, backslash and `#` as three octal digits. */
const unescape = (text = ''): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(parseInt(digits, 8)));
