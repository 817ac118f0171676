import { open } from 'node:fs/promises';
import { errnoCode, sleep } from '@crihub/kernel';

const POLL_MS = 5;
/** More than a short line takes in any format. */
const TAIL_BYTES = 512;

/** Waits until the last line of a container's log is this one. @throws Error when it is not in time. */
export async function untilLogged(file: string, line: string, patienceMs: number): Promise<void> {
  for (const end = Date.now() + patienceMs; ; await sleep(POLL_MS)) {
    const tail = await tailOf(file, TAIL_BYTES);
    if (endsWith(tail, line)) return;
    if (Date.now() > end) throw new Error(`${file} does not end with the line ${line}`);
  }
}

function endsWith(tail: string, line: string): boolean {
  // What CRI wants: time, stream, and F for a whole line.
  if (tail.endsWith(` F ${line}\n`)) return true;
  // Docker's own, which cri-dockerd leaves as it is: an object a line.
  const last = tail.trimEnd().split('\n').at(-1) ?? '';
  return last.startsWith(`{"log":"${line}\\n"`);
}

async function tailOf(file: string, bytes: number): Promise<string> {
  try {
    await using handle = await open(file);
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, Math.max(0, size - bytes));
    return buffer.toString('latin1', 0, bytesRead);
  } catch (error) {
    // Some runtimes make it with the first line.
    if (errnoCode(error) === 'ENOENT') return '';
    throw error;
  }
}
