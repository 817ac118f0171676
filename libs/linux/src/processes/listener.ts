import { readlink } from 'node:fs/promises';
import { readText } from '../files/read-text.ts';
import { listPids } from './details.ts';
import { namesIn } from './tree.ts';

/** The process that listens on a unix socket; `undefined` if none does, or it can't be seen from here. */
export async function listenerOf(socketPath: string): Promise<number | undefined> {
  const inode = listeningInode((await readText('/proc/net/unix')) ?? '', socketPath);
  if (inode === undefined) return undefined;
  for (const pid of await listPids()) {
    if (await holds(pid, `socket:[${inode}]`)) return pid;
  }
  return undefined;
}

/** Flags of a socket that accepts connections (`__SO_ACCEPTCON`, proc_net(5)). */
const ACCEPTS = '00010000';

/** Lines are `Num RefCount Protocol Flags Type St Inode Path`. */
export function listeningInode(table: string, socketPath: string): string | undefined {
  const paths = [socketPath, socketPath.replace(/^\/var\/run\//, '/run/')];
  for (const line of table.split('\n')) {
    const [, , , flags, , , inode, path] = line.trim().split(/\s+/);
    if (flags === ACCEPTS && path !== undefined && paths.includes(path)) return inode;
  }
  return undefined;
}

async function holds(pid: number, target: string): Promise<boolean> {
  const directory = `/proc/${String(pid)}/fd`;
  const targets = await Promise.all(
    // Closed meanwhile, or another user's: not the one that is looked for.
    (await namesIn(directory)).map((name) => readlink(`${directory}/${name}`).catch(() => '')),
  );
  return targets.includes(target);
}
