import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { errnoCode, RuntimeError, sleep } from '@crihub/kernel';
import { readText } from '../files/read-text.ts';
import { parseIds } from './parse.ts';

const BUSY_WAIT_MS = 10;

/** A cgroup's directory and all below it, parents first; empty if it does not exist. */
export async function descendants(directory: string): Promise<readonly string[]> {
  let entries;
  try {
    entries = await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (['ENOENT', 'ENODEV'].includes(errnoCode(error) ?? '')) return [];
    throw error;
  }
  const children = entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${directory}/${name}`);
  return [directory, ...(await Promise.all(children.map(descendants))).flat()];
}

/** The ids of all processes in a cgroup's directory and below it. */
export async function processesUnder(directory: string): Promise<readonly number[]> {
  const directories = await descendants(directory);
  const lists = await Promise.all(directories.map((path) => readText(`${path}/cgroup.procs`)));
  return lists.flatMap(parseIds);
}

/**
 * Removes a cgroup's directory and all below it. One that is busy is tried again, since the kernel lets go
 * of a killed process a little later; the time for it is the signal's.
 */
export async function removeTree(directory: string, signal: AbortSignal): Promise<void> {
  for (const path of (await descendants(directory)).toReversed()) {
    while (!(await tryRemove(path))) await sleep(BUSY_WAIT_MS, signal);
  }
}

async function tryRemove(path: string): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return true;
    if (errnoCode(error) === 'EBUSY') return false;
    throw error;
  }
}

/** Makes a cgroup's directory and its parents. `prepare` runs for each new or old directory from the root on. */
export async function makeTree(
  root: string,
  path: string,
  prepare: (parent: string, child: string) => Promise<void>,
): Promise<void> {
  let parent = root;
  for (const name of path.split('/').filter(Boolean)) {
    const child = `${parent}/${name}`;
    try {
      await mkdir(child);
    } catch (cause) {
      if (errnoCode(cause) !== 'EEXIST') {
        throw new RuntimeError('FailedPrecondition', `can't make the cgroup ${child}`, { cause });
      }
    }
    await prepare(parent, child);
    parent = child;
  }
}
