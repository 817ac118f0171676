import { open } from 'node:fs/promises';
import { errnoCode, sleep } from '@crihub/kernel';

const POLL_MS = 5;

/** Waits until the last line of a container's log is this one. @throws Error when it is not in time. */
export async function untilLogged(file: string, line: string, patienceMs: number): Promise<void> {
  // Before it comes what CRI wants: time, stream, and F for a whole line.
  const ending = ` F ${line}\n`;
  for (const end = Date.now() + patienceMs; ; await sleep(POLL_MS)) {
    if ((await tailOf(file, ending.length)) === ending) return;
    if (Date.now() > end) throw new Error(`${file} does not end with the line ${line}`);
  }
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
