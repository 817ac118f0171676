import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { runRemoteCommand } from '@crihub/service-streaming/testing';
import { type CriClient } from '@crihub/tool-fixtures';
import { execUrl } from './open-stream.ts';

const PARALLEL = 4;
const EXIT_CODES = 4;

/** Runs short commands, each with words and an exit code of its own. @returns a sentence for each that went wrong */
export async function manyExecs(
  cri: CriClient,
  containerId: string,
  count: number,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < count) {
      const complaint = await oneExec(cri, containerId, begun++);
      if (complaint !== undefined) wrong.push(complaint);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return wrong;
}

async function oneExec(cri: CriClient, containerId: string, index: number): Promise<string | undefined> {
  const words = randomBytes(8).toString('hex');
  const exitCode = index % EXIT_CODES;
  const transport = index % 2 === 0 ? 'spdy' : 'websocket';
  const url = await execUrl(cri, containerId, ['sh', '-c', `echo ${words}; exit ${String(exitCode)}`]);
  let printed = '';
  const status = await Promise.race([
    runRemoteCommand(url, { transport, output: (bytes) => (printed += bytes.toString()) }),
    delay(60_000, 'no end within a minute', { ref: false }),
  ]);
  const told = exitCode === 0 ? '"Success"' : `"message":"${String(exitCode)}"`;
  if (printed === `${words}\n` && status.includes(told)) return undefined;
  return `exec ${String(index)} over ${transport} printed ${JSON.stringify(printed)} for ${words}, status ${status}`;
}
