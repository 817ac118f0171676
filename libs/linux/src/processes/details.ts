import { readlink } from 'node:fs/promises';
import { errnoCode } from '@crihub/kernel';
import { readText } from '../files/read-text.ts';
import { readProcessStat } from './stat.ts';
import { namesIn } from './tree.ts';

/** The program that a process runs; `undefined` if it is gone, or is the kernel's own. */
export async function executableOf(pid: number): Promise<string | undefined> {
  try {
    return await readlink(`/proc/${String(pid)}/exe`);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(errnoCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** The arguments that a process was started with; empty if it is gone, or is a zombie. */
export async function commandLineOf(pid: number): Promise<readonly string[]> {
  const text = await readText(`/proc/${String(pid)}/cmdline`);
  return text === undefined || text === '' ? [] : text.replace(/\0$/, '').split('\0');
}

export const threadCountOf = async (pid: number): Promise<number | undefined> =>
  (await readProcessStat(pid))?.threads;

export interface DescriptorCounts {
  readonly files: number;
  /** Those of the files that are sockets. */
  readonly sockets: number;
}

/** How many descriptors a process has open; `undefined` if it is gone. */
export async function descriptorCountsOf(pid: number): Promise<DescriptorCounts | undefined> {
  const directory = `/proc/${String(pid)}/fd`;
  const names = await namesIn(directory);
  const targets = await Promise.all(
    names.map((name) =>
      // Closed meanwhile: it still counts as a file, since it was one.
      readlink(`${directory}/${name}`).catch(() => ''),
    ),
  );
  if (names.length === 0 && (await readProcessStat(pid)) === undefined) return undefined;
  return { files: names.length, sockets: targets.filter((target) => target.startsWith('socket:')).length };
}

/** Ids of all processes of this PID namespace. */
export const listPids = async (): Promise<readonly number[]> =>
  (await namesIn('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
