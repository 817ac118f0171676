import { readFile, writeFile } from 'node:fs/promises';

const KIB = 1024;

/** By how much a process's resident memory rises at most while work is done, in bytes. */
export async function growthDuring(pid: number, work: () => Promise<void>): Promise<number> {
  const before = await memoryField(pid, 'VmRSS');
  // The peak begins anew (proc(5), clear_refs: 5).
  await writeFile(`/proc/${String(pid)}/clear_refs`, '5');
  await work();
  return (await memoryField(pid, 'VmHWM')) - before;
}

async function memoryField(pid: number, name: string): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
  if (kib === undefined) throw new Error(`process ${String(pid)} has no ${name}`);
  return Number(kib) * KIB;
}
