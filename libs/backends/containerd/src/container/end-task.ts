import { constants } from 'node:os';
import { kindOf, sleep, withDeadline } from '@crihub/kernel';
import type { TaskExit, TaskService } from '../api/task-service.ts';
import { ifFound } from '../failures.ts';

const { SIGKILL } = constants.signals;
const END_MS = 15_000;
/** How long a shim may be just ending, on a busy machine. */
const PATIENCE_MS = 3_000;
const PAUSE_MS = 20;

/** Sends a signal; to a task that has ended, or is just ending, it does nothing. */
export async function signalTask(
  id: string,
  target: { readonly number: number; readonly all: boolean },
  { tasks, signal }: { readonly tasks: TaskService; readonly signal: AbortSignal },
): Promise<void> {
  await insist(signal, async () => {
    try {
      await tasks.kill(id, target, signal);
    } catch (error) {
      // containerd has no kind of its own for a runtime that finds nothing to signal.
      if (kindOf(error) !== 'Internal' || (await isRunning(id, tasks, signal))) throw error;
    }
  });
}

/** Kills all processes of a task, and resolves when its first one has ended: with how, if it was there. */
export async function killTask(
  id: string,
  tasks: TaskService,
  signal: AbortSignal,
): Promise<TaskExit | undefined> {
  return await withDeadline(`killing the task ${id}`, END_MS, signal, async (deadline) => {
    await signalTask(id, { number: SIGKILL, all: true }, { tasks, signal: deadline });
    // Whoever deletes the task meanwhile ends the shim that is to answer.
    return await insist(deadline, () => ifFound(tasks.wait(id, '', deadline)));
  });
}

/**
 * Kills a task and deletes it; the last one of a pod takes the shim with it. Says how it ended, if it ran.
 * Without the kill a shim would wait seconds for the output of a task that was never started.
 */
export async function endTask(
  id: string,
  tasks: TaskService,
  signal: AbortSignal,
): Promise<TaskExit | undefined> {
  let exit: TaskExit | undefined;
  await insist(signal, async () => {
    exit = (await killTask(id, tasks, signal)) ?? exit;
    await tasks.delete(id, signal);
  });
  return exit;
}

/** A shim that is just ending may refuse, or answer nothing, and is asked again. */
async function insist<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > end || kindOf(error) !== 'Internal') throw error;
    }
    await sleep(PAUSE_MS * attempt, signal);
  }
}

const isRunning = async (id: string, tasks: TaskService, signal: AbortSignal): Promise<boolean> => {
  const state = await tasks.state(id, signal);
  return state !== undefined && state.name !== 'stopped';
};
