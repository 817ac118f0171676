import { errnoCode, RuntimeError } from '@crihub/kernel';
import { readBoundedFile } from '../bounded-file.ts';
import { resolveInRoot } from './resolve-in-root.ts';

const MAX_FILE_BYTES = 8 * 1024 * 1024;

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** The users of a root filesystem: passwd(5). A line that is not one is passed over, as the C library does. */
export async function readAccounts(root: string): Promise<readonly Account[]> {
  return (await lines(root, '/etc/passwd')).flatMap(([name = '', , uid, gid, , home = '']) =>
    name !== '' && isId(uid) && isId(gid) ? [{ name, uid: Number(uid), gid: Number(gid), home }] : [],
  );
}

/** The groups of a root filesystem: group(5). */
export async function readGroups(root: string): Promise<readonly Group[]> {
  return (await lines(root, '/etc/group')).flatMap(([name = '', , gid, members = '']) =>
    name !== '' && isId(gid)
      ? [{ name, gid: Number(gid), members: members.split(',').map((member) => member.trim()) }]
      : [],
  );
}

const isId = (text: string | undefined): text is string => text !== undefined && /^\d{1,10}$/.test(text);

async function lines(root: string, path: string): Promise<readonly (readonly string[])[]> {
  try {
    const text = await readBoundedFile(await resolveInRoot(root, path), MAX_FILE_BYTES);
    return text.split('\n').map((line) => line.trim().split(':'));
  } catch (cause) {
    const code = errnoCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return []; // an image may well have no users
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new RuntimeError('FailedPrecondition', `can't read ${path} of the image: ${message}`, {
      operation: 'resolve user',
      cause,
    });
  }
}
