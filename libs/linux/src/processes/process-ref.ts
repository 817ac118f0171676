import { readProcessStat } from './stat.ts';
import { closePidfd, openPidfd, signalPidfd } from '../syscalls/pidfd.ts';
import { errnoCode } from '@crihub/kernel';

/** A process that can't be mistaken for a later one with the same id. */
export interface ProcessRef {
  readonly pid: number;
  /** In clock ticks since boot. */
  readonly startTime: number;
}

/** `undefined` if no such process exists. */
export async function processRef(pid: number): Promise<ProcessRef | undefined> {
  const stat = await readProcessStat(pid);
  return stat === undefined ? undefined : { pid, startTime: stat.startTime };
}

/** True while the process runs; a zombie does not. */
export async function isAlive({ pid, startTime }: ProcessRef): Promise<boolean> {
  const stat = await readProcessStat(pid);
  return stat !== undefined && stat.startTime === startTime && !['Z', 'X'].includes(stat.state);
}

/** Sends a signal to this very process. False if it is gone. */
export async function signalProcess(ref: ProcessRef, signalName: NodeJS.Signals): Promise<boolean> {
  let pidfd: number;
  try {
    pidfd = openPidfd(ref.pid);
  } catch (error) {
    if (errnoCode(error) === 'ESRCH') return false;
    throw error;
  }
  try {
    // The descriptor holds whoever has the id now, so that asking who that is can't come too early.
    if (!(await isAlive(ref))) return false;
    signalPidfd(pidfd, signalName);
    return true;
  } catch (error) {
    if (errnoCode(error) === 'ESRCH') return false;
    throw error;
  } finally {
    closePidfd(pidfd);
  }
}
