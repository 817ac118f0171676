import { type FileHandle, open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoCode } from '@crihub/kernel';
import { parseTimestamp } from '@crihub/service-container-log';
import { type LogProgress, progressOf, type WrittenMessage } from './log-progress.ts';

/** Enough for two seconds of a very talkative container. */
const TAIL_BYTES = 4 * 1024 * 1024;
const LINE = /^(\S+) (stdout|stderr) ([FP]) /;

interface Tail {
  readonly written: readonly WrittenMessage[];
  /** False if there is more before it. */
  readonly isWhole: boolean;
}

/**
 * Where a CRI log ends, counted in the engine's messages. An entry that a dying daemon did not finish is cut
 * off. If the log was just moved away by the kubelet, what was moved counts too.
 */
export async function readLogProgress(path: string): Promise<LogProgress> {
  await cutUnfinished(path);
  const current = await readTail(path);
  if (!current.isWhole) return progressOf(current.written, false);
  const [rotated] = await rotatedFiles(path);
  const before = rotated === undefined ? { written: [], isWhole: true } : await readTail(rotated);
  return progressOf([...before.written, ...current.written], before.isWhole);
}

async function cutUnfinished(path: string): Promise<void> {
  await withFile(path, 'r+', undefined, async (file) => {
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    const end = start + buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
    if (end < size) await file.truncate(end);
  });
}

async function readTail(path: string): Promise<Tail> {
  return await withFile(path, 'r', { written: [], isWhole: true }, async (file) => {
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    const lines = buffer
      .toString('latin1', 0, bytesRead)
      .split('\n')
      .slice(start === 0 ? 0 : 1, -1);
    return { written: lines.flatMap(messageOf), isWhole: start === 0 };
  });
}

function messageOf(line: string): readonly WrittenMessage[] {
  const [, time = '', stream, tag] = LINE.exec(line) ?? [];
  const timeNs = parseTimestamp(time);
  if (timeNs === undefined) return [];
  return [{ timeNs, stream: stream === 'stderr' ? 'stderr' : 'stdout', partial: tag === 'P' }];
}

/** As the kubelet names them: the log's path, a dot, a time that sorts; youngest first. */
async function rotatedFiles(path: string): Promise<readonly string[]> {
  const prefix = `${basename(path)}.`;
  const names = await readdir(dirname(path)).catch((error: unknown) => {
    if (errnoCode(error) === 'ENOENT') return [];
    throw error;
  });
  const rotated = names.filter((name) => name.startsWith(prefix) && !/\.(gz|tmp)$/.test(name));
  return rotated
    .sort()
    .reverse()
    .map((name) => join(dirname(path), name));
}

async function withFile<T>(
  path: string,
  flags: 'r' | 'r+',
  absent: T,
  work: (file: FileHandle) => Promise<T>,
): Promise<T> {
  let file: FileHandle;
  try {
    file = await open(path, flags);
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return absent;
    throw error;
  }
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}
