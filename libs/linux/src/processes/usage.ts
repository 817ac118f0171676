import { readText } from '../files/read-text.ts';
import { parseProcessStat } from './stat.ts';

/** What one process takes of the host. */
export interface ProcessUsage {
  readonly parentPid: number;
  /** Its memory, with pages that it shares divided among those who share them (PSS). */
  readonly memoryBytes: number;
  /** Since its start, its own alone. */
  readonly cpuSeconds: number;
}

/** The kernel counts in ticks of 1/100 s towards programs, whatever it was built with. */
const TICKS_PER_SECOND = 100;

/** `undefined` if the process is gone, or has no memory of its own: a zombie, or the kernel's. */
export async function readProcessUsage(pid: number): Promise<ProcessUsage | undefined> {
  const [stat, rollup] = await Promise.all([
    readText(`/proc/${String(pid)}/stat`),
    readText(`/proc/${String(pid)}/smaps_rollup`),
  ]);
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(rollup ?? '')?.[1];
  if (stat === undefined || kilobytes === undefined) return undefined;
  const { parentPid, cpuTicks } = parseProcessStat(stat);
  return { parentPid, memoryBytes: Number(kilobytes) * 1024, cpuSeconds: cpuTicks / TICKS_PER_SECOND };
}
