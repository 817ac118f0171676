import { open } from 'node:fs/promises';
import { errnoCode } from '@crihub/kernel';
import { rotatedFiles } from './rotated-files.ts';
import { parseTimestamp } from './timestamp.ts';

/** Where a log stands: what an engine that keeps its own log still has to tell comes after it. */
export interface LogPosition {
  /** Time of the last whole entry, nanoseconds since 1970. */
  readonly timeNs: bigint;
  /** How many entries at the end have this time. */
  readonly entries: number;
}

/** Enough for the longest entry and many that share its time. */
const TAIL_BYTES = 256 * 1024;

/**
 * The position of a log; that of its youngest rotated file if the log is empty or just moved away.
 * Absent if nothing was ever written.
 */
export async function readLogPosition(path: string): Promise<LogPosition | undefined> {
  const current = await positionOf(path);
  if (current !== undefined) return current;
  for (const rotated of await rotatedFiles(path)) {
    const position = await positionOf(rotated);
    if (position !== undefined) return position;
  }
  return undefined;
}

async function positionOf(path: string): Promise<LogPosition | undefined> {
  const tail = await readTail(path);
  // Behind the last line's end is nothing, or an entry that its writer did not finish.
  const lines = tail.split('\n').slice(0, -1);
  const times = lines.map((line) => parseTimestamp(line.slice(0, line.indexOf(' '))));
  const timeNs = times.findLast((time) => time !== undefined);
  if (timeNs === undefined) return undefined;
  const others = times.findLastIndex((time) => time !== undefined && time !== timeNs);
  return { timeNs, entries: times.slice(others + 1).filter((time) => time === timeNs).length };
}

async function readTail(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.toString('latin1', 0, bytesRead);
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return '';
    throw error;
  }
}
