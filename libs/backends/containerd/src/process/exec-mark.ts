import type { OciRlimit } from '@crihub/service-oci';
import { readText } from '@crihub/linux';

/**
 * A limit that nothing has any use for: the CPU time of realtime threads. Its soft value, decades in µs,
 * is inherited by all that a process starts, whatever becomes of sessions, parents and environment, so it
 * marks what an exec started.
 */
const TYPE = 'RLIMIT_RTTIME';
const TITLE = 'Max realtime timeout';
const FIRST = 2 ** 50;
const UNLIMITED = 2n ** 64n - 1n;

/** Marks for this daemon's execs; one that starts later begins elsewhere. */
export class ExecMarks {
  #next = FIRST + Math.floor(Math.random() * 2 ** 40);

  next(): number {
    this.#next += 1;
    return this.#next;
  }
}

export const markLimit = (mark: number): OciRlimit => ({ type: TYPE, soft: mark, hard: UNLIMITED });

/** Whether a process has the mark; one that is gone has none. */
export async function hasMark(pid: number, mark: number): Promise<boolean> {
  const limits = await readText(`/proc/${String(pid)}/limits`);
  return limits?.includes(`${TITLE}${' '.repeat(26 - TITLE.length)}${String(mark)} `) ?? false;
}
