import { readFile } from 'node:fs/promises';

/** Linux tells CPU times in these (proc(5), USER_HZ). */
const MS_PER_TICK = 10;

/**
 * The CPU time that work took on the whole machine but for this process, in ms: daemon, shims, runtimes and
 * kernel alike. Only a machine that does nothing else gives a figure that means something.
 */
export async function cpuTimeOf(work: () => Promise<unknown>): Promise<number> {
  const [busyBefore, ownBefore] = [await busyMs(), process.cpuUsage()];
  await work();
  const own = process.cpuUsage(ownBefore);
  return (await busyMs()) - busyBefore - (own.user + own.system) / 1000;
}

async function busyMs(): Promise<number> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n', 1);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = line.split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softIrq) * MS_PER_TICK;
}
