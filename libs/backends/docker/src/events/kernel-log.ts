import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { errnoCode } from '@crihub/kernel';

const LONGEST_RECORD = 8 * 1024;

/**
 * Whether the kernel's log tells of a process that was killed for lack of memory in a cgroup with this name
 * in its path (`oom-kill:…,task_memcg=/…/name,…`). False too where the log can't be read.
 */
export async function toldOfMemoryDeath(cgroupName: string, log = '/dev/kmsg'): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(log, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (['ENOENT', 'EPERM', 'EACCES'].includes(errnoCode(error) ?? '')) return false;
    throw error;
  }
  try {
    for (;;) {
      const record = await nextRecord(file);
      if (record === undefined) return false;
      if (record.includes('oom-kill:') && memoryCgroupOf(record).includes(cgroupName)) return true;
    }
  } finally {
    await file.close();
  }
}

const memoryCgroupOf = (record: string): string => /task_memcg=([^,\n]*)/.exec(record)?.[1] ?? '';

/** Each read gives one record (Documentation/ABI/testing/dev-kmsg); `undefined` at the end. */
async function nextRecord(file: FileHandle): Promise<string | undefined> {
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST_RECORD), 0, LONGEST_RECORD, null);
    return bytesRead === 0 ? undefined : buffer.toString('latin1', 0, bytesRead);
  } catch (error) {
    const code = errnoCode(error);
    if (code === 'EAGAIN') return undefined;
    if (code === 'EPIPE') return ''; // records were overwritten meanwhile; the next read goes on behind them
    throw error;
  }
}
