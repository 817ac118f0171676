import { readdir, readFile } from 'node:fs/promises';

/** Resident memory of a process in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  return fieldInBytes(await readFile(`/proc/${String(pid)}/status`, 'utf8'), 'VmRSS');
}

export interface MonitorMemory {
  readonly processes: number;
  /** Sum of the resident sizes: shared pages count in each process. */
  readonly residentBytes: number;
  /** Sum of the proportional sizes: shared pages are divided among those that share them. */
  readonly proportionalBytes: number;
}

/** The memory of the processes that name a directory in their command line: shims and monitors. */
export async function monitorMemory(directory: string, except: number): Promise<MonitorMemory> {
  const sum = { processes: 0, residentBytes: 0, proportionalBytes: 0 };
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === except || Number(name) === process.pid) continue;
    const rollup = await rollupIfNaming(name, directory);
    if (rollup === undefined) continue;
    sum.processes += 1;
    sum.residentBytes += fieldInBytes(rollup, 'Rss');
    sum.proportionalBytes += fieldInBytes(rollup, 'Pss');
  }
  return sum;
}

async function rollupIfNaming(pid: string, directory: string): Promise<string | undefined> {
  try {
    if (!(await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes(directory)) return undefined;
    return await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  } catch (error) {
    // The process ended while it was looked at.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined;
    throw error;
  }
}

function fieldInBytes(text: string, field: string): number {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
  if (kib === undefined) throw new Error(`there is no ${field} in ${JSON.stringify(text.slice(0, 80))}`);
  return Number(kib) * 1024;
}
