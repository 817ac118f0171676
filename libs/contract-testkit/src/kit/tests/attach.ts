import type { ProcessSession } from '@crihub/contract';
import { expect } from 'vitest';
import { contractTests } from '../contract-test.ts';
import { EventLog } from '../event-log.ts';
import { failure } from '../failure.ts';
import { removePods, runContainer, runPod, untilReady } from '../pods.ts';
import { eventually, soon, within } from '../waiting.ts';

const INTERACTIVE = { terminal: false, stdin: true };

export const attachTests = contractTests(
  {
    name: 'joins the streams of the first process',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      const { id } = await runContainer(rig, sandbox, rig.commands.cat, { process: { stdin: true } });
      const session = await rig.backend.processes.attach(id, INTERACTIVE, soon());
      const output = collect(session);
      session.stdin?.write('there and back\n');
      await eventually('the line from the container', () => output().includes('there and back') || undefined);
      await session.kill();
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'closes standard input for good after the first attach if stdinOnce',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      await using events = new EventLog(rig.backend);
      const { id } = await runContainer(rig, sandbox, rig.commands.cat, {
        process: { stdin: true, stdinOnce: true },
      });
      const session = await rig.backend.processes.attach(id, INTERACTIVE, soon());
      collect(session);
      session.stdin?.end('last words\n');
      expect(await within(10_000, 'the exit', session.exit)).toEqual({ exitCode: 0 });
      expect(await events.exitOf(id)).toMatchObject({ exitCode: 0 });
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'keeps standard input open between attaches unless stdinOnce',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      const { id } = await runContainer(rig, sandbox, rig.commands.cat, { process: { stdin: true } });
      for (const line of ['first', 'second']) {
        const session = await rig.backend.processes.attach(id, INTERACTIVE, soon());
        const output = collect(session);
        session.stdin?.end(`${line}\n`);
        await eventually(`"${line}" from the container`, () => output().includes(line) || undefined);
        await session.kill();
      }
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'lets the container run on when an attach is let go',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      await using events = new EventLog(rig.backend);
      const container = await runContainer(rig, sandbox, rig.commands.sleepForever);
      await untilReady(container);
      const session = await rig.backend.processes.attach(
        container.id,
        { terminal: false, stdin: false },
        soon(),
      );
      await session.kill();
      await session.kill();
      expect(events.exitsOf(container.id)).toEqual([]);
      await rig.backend.containers.signal(container.id, 'SIGTERM', 'init', soon());
      expect(await events.exitOf(container.id)).toMatchObject({ exitCode: 0 });
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'ends an attach when the container ends',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      const container = await runContainer(rig, sandbox, rig.commands.sleepForever);
      await untilReady(container);
      const session = await rig.backend.processes.attach(
        container.id,
        { terminal: false, stdin: false },
        soon(),
      );
      collect(session);
      const closed = new Promise((resolve) => session.stdout.once('close', resolve));
      await rig.backend.containers.signal(container.id, 'SIGKILL', 'all', soon());
      expect(await within(10_000, 'the exit', session.exit)).toEqual({ exitCode: 137 });
      await within(10_000, 'the end of the output', closed);
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
  {
    name: 'refuses to attach to a container that does not run as FailedPrecondition',
    run: async (rig) => {
      const sandbox = await runPod(rig);
      await using events = new EventLog(rig.backend);
      const ended = await runContainer(rig, sandbox, rig.commands.exitWith(0));
      await events.exitOf(ended.id);
      expect(await failure(rig.backend.processes.attach(ended.id, INTERACTIVE, soon()))).toMatchObject({
        kind: 'FailedPrecondition',
      });
      expect(await removePods(rig, sandbox)).toEqual([]);
    },
  },
);

/** Reads both streams; the result answers what came so far. */
function collect({ stdout, stderr }: ProcessSession): () => string {
  let output = '';
  stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  stderr?.resume();
  return () => output;
}
