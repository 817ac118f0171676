import { rename } from 'node:fs/promises';
import { expect } from 'vitest';
import { contractTests } from '../contract-test.ts';
import { EventLog } from '../event-log.ts';
import { joinLines, type LogLine, readLog } from '../log-file.ts';
import { removePods, runContainer, runPod } from '../pods.ts';
import type { Rig } from '../rig.ts';
import { eventually, soon } from '../waiting.ts';

const LONG_LINE = 100_000;

export const logTests = contractTests(
  {
    name: 'writes standard output and error in the CRI log format',
    run: async (rig) => {
      const lines = await logOf(rig, rig.commands.printBoth('to out', 'to error'));
      expect(lines.map(({ stream, tag, text }) => `${stream} ${tag} ${text}`).sort()).toEqual([
        'stderr F to error',
        'stdout F to out',
      ]);
    },
  },
  {
    name: 'writes what a program printed without ending the line',
    run: async (rig) => {
      const lines = await logOf(rig, rig.commands.printUnfinished('no end'));
      expect(joinLines(lines, 'stdout').trimEnd()).toBe('no end');
    },
  },
  {
    name: 'splits a long line without losing any of it',
    run: async (rig) => {
      const lines = await logOf(rig, rig.commands.printLong(LONG_LINE));
      expect(joinLines(lines, 'stdout')).toBe(`${'x'.repeat(LONG_LINE)}\n`);
    },
  },
  {
    name: 'discards the output of a container without a log path',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      await using events = new EventLog(rig.backend);
      const { id } = await runContainer(rig, sandbox, rig.commands.flood(1_000_000), { logPath: '' });
      expect(await events.exitOf(id)).toMatchObject({ exitCode: 0 });
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'goes on in a new file after reopenLog, and loses no line',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      const { id, logPath } = await runContainer(rig, sandbox, rig.commands.tick);
      await untilLines(logPath, 3);
      await rename(logPath, `${logPath}.1`);
      await rig.backend.containers.reopenLog(id, soon());
      await untilLines(logPath, 3);
      await rig.backend.containers.signal(id, 'SIGKILL', 'all', soon());
      const ticks = [...(await readLog(`${logPath}.1`)), ...(await readLog(logPath))].map(({ text }) => text);
      expect(ticks).toEqual(ticks.map((_, index) => `tick ${String(index + 1)}`));
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'goes on with the log while no daemon is there',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      const { id, logPath } = await runContainer(rig, sandbox, rig.commands.tick);
      await untilLines(logPath, 2);
      await rig.reopen(() => new Promise((resolve) => setTimeout(resolve, 500)));
      const { length } = await readLog(logPath);
      await untilLines(logPath, length + 2);
      await rig.backend.containers.signal(id, 'SIGKILL', 'all', soon());
      const ticks = (await readLog(logPath)).map(({ text }) => text);
      expect(ticks).toEqual(ticks.map((_, index) => `tick ${String(index + 1)}`));
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
);

/** Runs a program to its end and reads its log. */
async function logOf(rig: Rig, args: readonly string[]): Promise<readonly LogLine[]> {
  const sandbox = await runPod(rig);
  await using events = new EventLog(rig.backend);
  const { id, logPath } = await runContainer(rig, sandbox, args);
  expect(await events.exitOf(id)).toMatchObject({ exitCode: 0 });
  const lines = await readLog(logPath);
  expect(await removePods(rig, sandbox)).toEqual([]);
  return lines;
}

async function untilLines(path: string, count: number): Promise<void> {
  await eventually(`${String(count)} lines in ${path}`, async () =>
    (await readLog(path)).length >= count ? true : undefined,
  );
}
