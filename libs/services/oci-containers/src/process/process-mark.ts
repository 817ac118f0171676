import type { Executor, ProcessRef } from '../execution/executor.ts';

const FIRST = 50_001;
const COUNT = 60_000;

/**
 * A number that a process hands down to all it starts, whatever they do with sessions, parents and
 * environment: its timer slack in ns (PR_SET_TIMERSLACK of prctl(2)), a little above the usual 50,000.
 * So everything that an exec started can be found again in its container.
 */
export class ProcessMarks {
  #next = Math.floor(Math.random() * COUNT);

  /** A mark that no recent exec has. */
  next(): number {
    this.#next = (this.#next + 1) % COUNT;
    return FIRST + this.#next;
  }
}

/** Marks itself and becomes the program. */
const MARK_AND_BECOME = '{ echo "$1" >/proc/self/timerslack_ns; } 2>/dev/null; shift; exec "$@"';

/** The arguments of `/bin/sh` that run a command marked. */
export const markedCommand = (mark: number, command: readonly string[]): readonly string[] => [
  ...['-c', MARK_AND_BECOME, 'sh', String(mark)],
  ...command,
];

export interface MarkedSearch {
  readonly cgroup: string;
  readonly mark: number;
  /** Ticks since boot: what is older has its mark from another exec. */
  readonly since: number;
}

/** What runs in a cgroup with a mark. */
export async function markedProcesses(
  { files, processes, cgroups }: Executor,
  { cgroup, mark, since }: MarkedSearch,
): Promise<readonly ProcessRef[]> {
  const pids = await cgroups.processes(cgroup);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const slack = await files.read(`/proc/${String(pid)}/timerslack_ns`);
      return slack?.trim() === String(mark) ? await processes.identify(pid) : undefined;
    }),
  );
  return found.filter((process) => process !== undefined).filter(({ startTime }) => startTime >= since);
}
