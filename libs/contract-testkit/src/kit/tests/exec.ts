import { buffer, text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { Container, ExecSpec, ProcessSession } from '@crihub/contract';
import { newContainerId } from '@crihub/kernel';
import { expect } from 'vitest';
import { type ContractTest, contractTests } from '../contract-test.ts';
import { EventLog } from '../event-log.ts';
import { failure } from '../failure.ts';
import { createContainer, removePods, runContainer, runPod } from '../pods.ts';
import type { Rig } from '../rig.ts';
import { eventually, soon, within } from '../waiting.ts';

const FLOOD = 4 * 1024 * 1024;

/** A promise about exec in a container that runs; the body gets a way to start the process. */
const inContainer = (
  name: string,
  body: (
    rig: Rig,
    exec: (args: readonly string[], options?: Partial<ExecSpec>) => Promise<ProcessSession>,
    container: Container,
  ) => Promise<void>,
): ContractTest => ({
  name,
  run: async (rig) => {
    const sandbox = await runPod(rig);
    const container = await runContainer(rig, sandbox, rig.commands.sleepForever);
    const exec = (args: readonly string[], options: Partial<ExecSpec> = {}): Promise<ProcessSession> =>
      rig.backend.processes.exec(container.id, { args, terminal: false, stdin: false, ...options }, soon());
    await body(rig, exec, container);
    expect(await removePods(rig, sandbox)).toEqual([]);
  },
});

export const execTests = contractTests(
  inContainer('keeps the output streams of an exec apart and tells its exit code', async (rig, exec) => {
    const session = await exec(rig.commands.printBoth('to out', 'to error'));
    const [out, error, exit] = await Promise.all([
      text(session.stdout),
      text(session.stderr ?? fail('stderr is absent without a terminal')),
      session.exit,
    ]);
    expect([out, error, exit]).toEqual(['to out\n', 'to error\n', { exitCode: 0 }]);
  }),
  inContainer('tells the exit code of an exec that fails', async (rig, exec) => {
    const session = await exec(rig.commands.exitWith(7));
    await readAll(session);
    expect(await session.exit).toEqual({ exitCode: 7 });
  }),
  inContainer('gives an exec its standard input, and its end', async (rig, exec) => {
    const session = await exec(rig.commands.cat, { stdin: true });
    session.stdin?.end('what went in\n');
    expect(await readAll(session)).toBe('what went in\n');
    expect(await session.exit).toEqual({ exitCode: 0 });
  }),
  inContainer('gives an exec an empty standard input if none was asked for', async (rig, exec) => {
    const session = await exec(rig.commands.cat);
    expect(session.stdin).toBeUndefined();
    expect(await readAll(session)).toBe('');
    expect(await session.exit).toEqual({ exitCode: 0 });
  }),
  inContainer('keeps the output of an exec for a reader who comes late', async (rig, exec) => {
    const session = await exec(rig.commands.flood(FLOOD));
    await delay(300);
    expect((await buffer(session.stdout)).length).toBe(FLOOD);
    session.stderr?.destroy();
    expect(await session.exit).toEqual({ exitCode: 0 });
  }),
  inContainer(
    'kills an exec and everything it started, in other sessions too',
    async (rig, exec, container) => {
      const session = await exec(rig.commands.spawnTree('86402'));
      session.stdout.resume();
      session.stderr?.resume();
      await eventually('both processes of the tree', async () =>
        (await rig.countProcesses(container, '86402')) >= 2 ? true : undefined,
      );
      await within(10_000, 'kill', session.kill());
      expect(await rig.countProcesses(container, '86402')).toBe(0);
      expect(await within(10_000, 'the exit', session.exit)).toEqual({ exitCode: 137 });
      await session.kill();
    },
  ),
  inContainer('leaves the container alone when an exec is killed', async (rig, exec, container) => {
    await using events = new EventLog(rig.backend);
    const session = await exec(rig.commands.ignoreTerm);
    session.stdout.resume();
    session.stderr?.resume();
    await session.kill();
    expect(events.exitsOf(container.id)).toEqual([]);
    const again = await exec(rig.commands.printLine('still here'));
    expect(await readAll(again)).toBe('still here\n');
  }),
  inContainer('lets an exec run on when the signal of its start aborts later', async (rig, _exec, { id }) => {
    const start = new AbortController();
    const spec = { args: rig.commands.exitLater(300, 5), terminal: false, stdin: false };
    const session = await rig.backend.processes.exec(id, spec, start.signal);
    start.abort();
    await readAll(session);
    expect(await session.exit).toEqual({ exitCode: 5 });
  }),
  inContainer('runs several execs at once', async (rig, exec) => {
    const lines = Array.from({ length: 8 }, async (_, index) =>
      readAll(await exec(rig.commands.printLine(`number ${String(index)}`))),
    );
    expect(await Promise.all(lines)).toEqual(lines.map((_, index) => `number ${String(index)}\n`));
  }),
  inContainer('tells an exec of a missing program apart from success', async (rig, exec) => {
    const outcome = await exec(rig.commands.missing).then(
      async (session) => {
        await readAll(session);
        return (await session.exit).exitCode;
      },
      (error: unknown) => (error as { kind?: string }).kind,
    );
    expect(['FailedPrecondition', 126, 127]).toContain(outcome);
  }),
  inContainer('gives an exec a terminal that can be resized', async (rig, exec) => {
    const session = await exec(rig.commands.terminalSize, { terminal: true, stdin: true });
    expect(session.stderr).toBeUndefined();
    let output = '';
    session.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await session.resize({ width: 101, height: 37 });
    await eventually('the new size in the output', () => (output.includes('37 101') ? true : undefined));
    await session.kill();
  }),
  {
    name: 'refuses exec in a container that does not run as FailedPrecondition',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      await using events = new EventLog(rig.backend);
      const created = await createContainer(rig, sandbox, rig.commands.sleepForever);
      const ended = await runContainer(rig, sandbox, rig.commands.exitWith(0));
      await events.exitOf(ended.id);
      const spec = { args: rig.commands.exitWith(0), terminal: false, stdin: false };
      for (const { id } of [created, ended]) {
        expect(await failure(rig.backend.processes.exec(id, spec, soon()))).toMatchObject({
          kind: 'FailedPrecondition',
        });
      }
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'refuses exec and attach in a container that never was as NotFound',
    run: async ({ backend, commands }) => {
      const id = newContainerId();
      const spec = { args: commands.exitWith(0), terminal: false, stdin: false };
      expect(await failure(backend.processes.exec(id, spec, soon()))).toMatchObject({ kind: 'NotFound' });
      expect(await failure(backend.processes.attach(id, spec, soon()))).toMatchObject({ kind: 'NotFound' });
    },
  },
);

async function readAll(session: ProcessSession): Promise<string> {
  session.stderr?.resume();
  return await text(session.stdout);
}

function fail(sentence: string): never {
  throw new Error(sentence);
}
