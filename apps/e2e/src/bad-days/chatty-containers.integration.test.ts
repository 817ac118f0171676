import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { sleep } from '@crihub/kernel';
import { ContainerState } from '@crihub/wire/cri';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { viewContainer } from '../kubelet/calls.ts';
import { eventually } from '../kubelet/eventually.ts';
import { TestPod } from '../kubelet/test-pod.ts';
import { EngineNode } from '../node/engine-node.ts';

/** Of each stream: some seconds of work for the daemon. */
const LINES = 1_500_000;
const DEATHS = 3;
/** Of an entry, at least: the time, the stream, the tag. */
const HEAD_BYTES = 40;
/** So much more of the log, and the daemon dies again. */
const STEP_BYTES = 4_000_000;

let engineNode: EngineNode;
beforeAll(async () => {
  engineNode = await EngineNode.start('containerd', 68);
});
afterAll(async () => engineNode[Symbol.asyncDispose]());

/** What a log has of `seq 1 n` for each stream, as runs of numbers that follow each other: one, if all is well. */
async function runsIn(file: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const runs: Record<string, [number, number][]> = {};
  const begun: Record<string, string> = {};
  for await (const entry of createInterface(createReadStream(file))) {
    const [, stream = '', tag, text = ''] = entry.split(' ');
    const line = (begun[stream] ?? '') + text;
    begun[stream] = tag === 'P' ? line : '';
    if (tag === 'P') continue;
    const last = (runs[stream] ??= []).at(-1);
    if (last !== undefined && last[1] + 1 === Number(line)) last[1] += 1;
    else runs[stream].push([Number(line), Number(line)]);
  }
  return Object.fromEntries(
    Object.entries(runs).map(([stream, all]) => [
      stream,
      all.map(([from, to]) => `${String(from)} to ${String(to)}`),
    ]),
  );
}

const sizeOf = async (file: string): Promise<number> => (await stat(file)).size;

it(
  'lose no line and double none though the daemon is killed while they print as fast as they can',
  { timeout: 180_000 },
  async () => {
    const { node } = engineNode;
    const pod = await TestPod.run(node);
    const count = `seq 1 ${String(LINES)}`;
    const container = await pod.start({ command: ['sh', '-c', `${count} >&2 & ${count}; wait`] });
    const log = pod.logFile('main');
    for (let death = 1; death <= DEATHS; death += 1) {
      const before = await sizeOf(log);
      while ((await sizeOf(log)) < before + STEP_BYTES) await sleep(1);
      await node.killDaemon();
      expect((await sizeOf(log)) < 2 * LINES * HEAD_BYTES, 'it is still printing').toBe(true);
      await node.startDaemon();
    }
    await eventually(
      'the end of the container',
      async () => {
        const { status } = await viewContainer(node.cri, container);
        return status.state === ContainerState.CONTAINER_EXITED ? status : undefined;
      },
      90_000,
    );
    const all = [`1 to ${String(LINES)}`];
    expect(await runsIn(log)).toEqual({ stdout: all, stderr: all });
    await pod.remove();
  },
);
