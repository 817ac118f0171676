import { closeSync, openSync, readFileSync } from 'node:fs';
import { errnoCode, RuntimeError } from '@crihub/kernel';
import type { ProcessRef } from '../processes/process-ref.ts';
import { parseProcessStat } from '../processes/stat.ts';
import { setns, unshareRoot } from '../syscalls/namespaces.ts';
import { changeRoot, closeRoot, openRoot } from '../syscalls/root.ts';
import { inOtherNamespaces, ThreadLostError } from './thread-namespaces.ts';

/**
 * Runs `work` in the mount namespace of a process, where paths are those that it sees. The thread's working
 * directory is its root afterwards.
 * @throws NotFound if the process has ended, ThreadLostError if the thread can't be moved back.
 */
export function inMountsOf<T>(process: ProcessRef, work: () => T): T {
  unshareRoot();
  const root = openRoot();
  try {
    return inOtherNamespaces(['mnt'], () => enterMountsOf(process), work);
  } finally {
    returnTo(root);
  }
}

/** Entering a mount namespace changes the root to that of the namespace, which need not be ours. */
function returnTo(root: number): void {
  try {
    changeRoot(root);
  } catch (cause) {
    throw new ThreadLostError("the thread can't return to its own root", { cause });
  } finally {
    closeRoot(root);
  }
}

function enterMountsOf(process: ProcessRef): void {
  const namespace = openMountsOf(process);
  try {
    setns(namespace, 'mnt');
  } finally {
    closeSync(namespace);
  }
}

function openMountsOf({ pid, startTime }: ProcessRef): number {
  let namespace: number | undefined;
  try {
    namespace = openSync(`/proc/${String(pid)}/ns/mnt`, 'r');
    // Asked after the namespace was opened: whoever has the id now had it then.
    const stat = parseProcessStat(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
    if (stat.startTime === startTime) return namespace;
  } catch (error) {
    if (!['ENOENT', 'ESRCH'].includes(errnoCode(error) ?? '')) throw error;
  }
  if (namespace !== undefined) closeSync(namespace);
  throw new RuntimeError('NotFound', `process ${String(pid)} has ended`);
}
