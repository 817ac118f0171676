import { readText } from '../files/read-text.ts';

/** What `/proc/<pid>/stat` says of a process (proc_pid_stat(5)). */
export interface ProcessStat {
  readonly pid: number;
  readonly command: string;
  /** One letter; `Z` is a zombie, `D` waits for the kernel. */
  readonly state: string;
  readonly parentPid: number;
  readonly threads: number;
  /** In clock ticks since boot. */
  readonly startTime: number;
  /** Time on a CPU, its own alone, in clock ticks. */
  readonly cpuTicks: number;
}

/** `undefined` if the process does not exist. */
export async function readProcessStat(pid: number): Promise<ProcessStat | undefined> {
  const text = await readText(`/proc/${String(pid)}/stat`);
  return text === undefined ? undefined : parseProcessStat(text);
}

export function parseProcessStat(text: string): ProcessStat {
  // The command may hold spaces and parentheses; the last one closes it.
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  return {
    pid: Number(text.slice(0, open)),
    command: text.slice(open + 1, close),
    state: fields[0] ?? '',
    parentPid: Number(fields[1]),
    threads: Number(fields[17]),
    startTime: Number(fields[19]),
    cpuTicks: Number(fields[11]) + Number(fields[12]),
  };
}
