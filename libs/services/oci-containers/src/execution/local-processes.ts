import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { errnoCode } from '@crihub/kernel';
import { commandLineOf, isAlive, listPids, readProcessStat, signalProcess } from '@crihub/linux';
import type { ProcessRef, ProcessTable } from './executor.ts';

/** The processes of this machine. */
export class LocalProcesses implements ProcessTable {
  async identify(pid: number): Promise<ProcessRef | undefined> {
    const stat = await readProcessStat(pid);
    if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return undefined;
    return { pid, startTime: stat.startTime };
  }

  async signal(process: ProcessRef, signal: number): Promise<void> {
    const name = NAMES.get(signal);
    if (name === undefined) await signalByNumber(process, signal);
    else await signalProcess(process, name);
  }

  async now(): Promise<number> {
    const [uptime = ''] = (await readFile('/proc/uptime', 'utf8')).split(' ');
    return Math.trunc(Number(uptime) * TICKS_PER_SECOND);
  }

  async find(word: string): Promise<readonly ProcessRef[]> {
    const found = await Promise.all(
      (await listPids()).map(async (pid) => {
        const words = await commandLineOf(pid);
        return words.some((one) => one.includes(word)) ? await this.identify(pid) : undefined;
      }),
    );
    return found.filter((process) => process !== undefined);
  }
}

/** USER_HZ, which is the same on all Linux machines that Node runs on. */
const TICKS_PER_SECOND = 100;

const NAMES = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]),
);

/** Realtime signals have no names in Node. */
async function signalByNumber(target: ProcessRef, signal: number): Promise<void> {
  if (!(await isAlive(target))) return;
  try {
    process.kill(target.pid, signal);
  } catch (error) {
    if (errnoCode(error) !== 'ESRCH') throw error;
  }
}
