import { writeFile } from 'node:fs/promises';
import { errnoCode, sleep } from '@crihub/kernel';
import { readText } from '../files/read-text.ts';
import { processesUnder } from './tree.ts';

const FIRST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 100;

/**
 * Kills everything in a cgroup and below it, and waits until it is empty.
 * @param freezer its directory in v1's freezer hierarchy: frozen, it can't fork faster than it is killed.
 */
export async function killTree(
  directory: string,
  freezer: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    const pids = await processesUnder(directory);
    if (pids.length === 0) return;
    if (!(await writeIfPresent(`${directory}/cgroup.kill`, '1'))) await killEach(pids, freezer);
    await sleep(wait, signal);
  }
}

async function killEach(pids: readonly number[], freezer: string | undefined): Promise<void> {
  const state = freezer === undefined ? undefined : `${freezer}/freezer.state`;
  // A cgroup that somebody else froze must thaw too, or its processes never die.
  const present = state !== undefined && (await readText(state)) !== undefined;
  if (present) await writeIfPresent(state, 'FROZEN');
  try {
    for (const pid of pids) sendSignal(pid, 'SIGKILL');
  } finally {
    if (present) await writeIfPresent(state, 'THAWED');
  }
}

/** Sends a signal; a process that is gone is no error. */
export function sendSignal(pid: number, signalName: NodeJS.Signals): void {
  try {
    process.kill(pid, signalName);
  } catch (error) {
    if (errnoCode(error) !== 'ESRCH') throw error;
  }
}

/** False if there is no such file. */
export async function writeIfPresent(path: string, value: string): Promise<boolean> {
  try {
    await writeFile(path, value, { flag: 'r+' });
    return true;
  } catch (error) {
    if (['ENOENT', 'ENODEV'].includes(errnoCode(error) ?? '')) return false;
    throw error;
  }
}
