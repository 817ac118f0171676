import { formatTimestamp } from './timestamp.ts';

export type OutputStream = 'stdout' | 'stderr';

const NEWLINE = 0x0a;

const header = (timeNs: bigint, stream: OutputStream, tag: 'F' | 'P'): Buffer =>
  Buffer.from(`${formatTimestamp(timeNs)} ${stream} ${tag} `);

/**
 * Output as CRI log entries, `time stream tag text` each on a line. A line longer than `maxLineBytes` and
 * what comes before the end of its line are tagged P, the rest F (Kubernetes, "CRI container log format").
 */
export function encodeChunk(
  timeNs: bigint,
  stream: OutputStream,
  chunk: Buffer,
  maxLineBytes: number,
): Buffer {
  const full = header(timeNs, stream, 'F');
  const partial = header(timeNs, stream, 'P');
  // Room for some hundred lines; short lines make it grow.
  let target: Buffer = Buffer.allocUnsafe(chunk.length + (chunk.length >> 2) + 4 * full.length);
  let size = 0;
  for (let start = 0; start < chunk.length;) {
    const newline = chunk.indexOf(NEWLINE, start);
    const lineEnd = newline < 0 ? chunk.length : newline;
    const end = Math.min(lineEnd, start + maxLineBytes);
    const isFull = end === newline;
    const needed = size + full.length + (end - start) + 1;
    if (needed > target.length) target = grown(target, size, needed);
    target.set(isFull ? full : partial, size);
    chunk.copy(target, size + full.length, start, end);
    target[needed - 1] = NEWLINE;
    size = needed;
    start = isFull ? end + 1 : end;
  }
  return target.subarray(0, size);
}

function grown(target: Buffer, size: number, needed: number): Buffer {
  const larger = Buffer.allocUnsafe(Math.max(target.length * 2, needed));
  target.copy(larger, 0, 0, size);
  return larger;
}
