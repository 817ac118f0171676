import { sleep, withDeadline } from '@crihub/kernel';
import type { Executor } from '../execution/executor.ts';
import { type MarkedSearch, markedProcesses } from './process-mark.ts';

const SIGKILL = 9;
const TIMEOUT_MS = 10_000;
const POLL_MS = 5;

/** Kills everything that an exec has started, until nothing of it is left. @throws DeadlineExceeded. */
export async function killMarked(executor: Executor, search: MarkedSearch): Promise<void> {
  await withDeadline('killing a process and all it started', TIMEOUT_MS, undefined, async (signal) => {
    for (;;) {
      const left = await markedProcesses(executor, search);
      if (left.length === 0) return;
      for (const process of left) await executor.processes.signal(process, SIGKILL);
      await sleep(POLL_MS, signal);
    }
  });
}
