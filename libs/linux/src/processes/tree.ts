import { readdir } from 'node:fs/promises';
import { errnoCode, sleep, withDeadline } from '@crihub/kernel';
import { readText } from '../files/read-text.ts';
import { isAlive, type ProcessRef, processRef, signalProcess } from './process-ref.ts';

const WAIT_MS = 10;

/** The process and all its descendants, parents first; empty if it does not exist. */
export async function processTree(root: ProcessRef): Promise<readonly ProcessRef[]> {
  if (!(await isAlive(root))) return [];
  const tree: ProcessRef[] = [root];
  for (const { pid } of tree) {
    const children = await Promise.all((await childrenOf(pid)).map(processRef));
    tree.push(...children.filter((child) => child !== undefined));
  }
  return tree;
}

/**
 * Kills a process and its descendants, and waits until they are gone. Children are looked for again after
 * their parents are stopped, so that none is born unseen; one that has cut itself off from its parent
 * before escapes, which only a cgroup prevents.
 * @throws DeadlineExceeded after `timeoutMs`.
 */
export async function killProcessTree(
  root: ProcessRef,
  { timeoutMs = 10_000 } = {},
  signal?: AbortSignal,
): Promise<void> {
  const operation = `killing process ${String(root.pid)} and its children`;
  await withDeadline(operation, timeoutMs, signal, async (deadline) => {
    const stopped = await stopTree(root, deadline);
    for (const ref of stopped) await signalProcess(ref, 'SIGKILL');
    for (const ref of stopped) while (await isAlive(ref)) await sleep(WAIT_MS, deadline);
  });
}

async function stopTree(root: ProcessRef, deadline: AbortSignal): Promise<readonly ProcessRef[]> {
  const stopped = new Map<number, ProcessRef>();
  for (;;) {
    deadline.throwIfAborted();
    const running = (await processTree(root)).filter(({ pid }) => !stopped.has(pid));
    if (running.length === 0) return [...stopped.values()];
    for (const ref of running) {
      await signalProcess(ref, 'SIGSTOP');
      stopped.set(ref.pid, ref);
    }
  }
}

/** Children of all threads of a process. Complete only while the process is stopped, says proc(5). */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const tasks = await namesIn(`/proc/${String(pid)}/task`);
  const lists = await Promise.all(
    tasks.map((task) => readText(`/proc/${String(pid)}/task/${task}/children`)),
  );
  return lists.flatMap((list) => (list ?? '').split(' ').filter(Boolean).map(Number));
}

/** The entries of a directory of `/proc`; none if it is gone. */
export async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(errnoCode(error) ?? '')) return [];
    throw error;
  }
}
