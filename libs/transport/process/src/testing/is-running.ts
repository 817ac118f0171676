import { readFile } from 'node:fs/promises';

/** False for a process that is gone or has ended and waits for its parent; `kill(pid, 0)` can't tell. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    return !/^State:\s+Z/m.test(await readFile(`/proc/${String(pid)}/status`, 'utf8'));
  } catch {
    return false; // no such process
  }
}
