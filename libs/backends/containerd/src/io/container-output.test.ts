import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { silentLogger, sleep, systemClock } from '@crihub/kernel';
import { ContainerLog } from '@crihub/service-container-log';
import { expect, it } from 'vitest';
import type { TaskStreams } from '../api/task-service.ts';
import { ContainerOutput, makeStreams, streamPaths } from './container-output.ts';
import { PendingOutputs } from './pending-outputs.ts';

interface Rig extends AsyncDisposable {
  readonly streams: TaskStreams;
  readonly open: () => Promise<ContainerOutput>;
  readonly lines: () => Promise<readonly string[]>;
}

async function startRig(): Promise<Rig> {
  const directory = await mkdtempDisposable(join(tmpdir(), 'container-output-'));
  const streams = streamPaths(join(directory.path, 'init'), { terminal: false, stdin: false });
  const path = join(directory.path, 'log');
  const opened: ContainerOutput[] = [];
  makeStreams(streams);
  return {
    streams,
    open: async () => {
      const log = new ContainerLog({ path }, { clock: systemClock, logger: silentLogger });
      const pendings = new PendingOutputs({ directory: join(directory.path, 'pending') });
      await pendings.adopt();
      const output = await ContainerOutput.open(streams, { log, pendings });
      opened.push(output);
      return output;
    },
    lines: async () => (await readFile(path, 'utf8')).split('\n').map((line) => line.slice(31)),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(opened.map((output) => output.close()));
      await directory.remove();
    },
  };
}

async function print(path: string, output: string): Promise<void> {
  const writer = createWriteStream(path);
  writer.end(output);
  await once(writer, 'close');
}

it('writes both streams into the log, and is drained when their writers have closed', async () => {
  await using rig = await startRig();
  const output = await rig.open();
  await Promise.all([print(rig.streams.stdout, 'one\n'), print(rig.streams.stderr, 'two\n')]);
  await output.drained(5_000);
  expect((await rig.lines()).toSorted()).toEqual(['', 'stderr F two', 'stdout F one']);
});

it('stops waiting for a writer that does not close', async () => {
  await using rig = await startRig();
  const output = await rig.open();
  const writer = createWriteStream(rig.streams.stdout);
  writer.write('one\n');
  await expect.poll(() => rig.lines().catch(() => [])).toEqual(['stdout F one', '']);
  await output.drained(50);
  writer.end();
});

it('writes the rest of an ended container though somebody who is attached does not read', async () => {
  await using rig = await startRig();
  const output = await rig.open();
  const attached = output.attach('stdout');
  const lines = 20;
  await Promise.all([
    print(rig.streams.stdout, `${'x'.repeat(9_999)}\n`.repeat(lines)),
    print(rig.streams.stderr, ''),
    output.finish({ idleMs: 1_000, limitMs: 10_000 }),
  ]);
  expect((await rig.lines()).filter((line) => line.includes('x')).length).toBeGreaterThanOrEqual(lines);
  attached.destroy();
});

it('gives up on the output of a process that says nothing and does not end', async () => {
  await using rig = await startRig();
  const output = await rig.open();
  const writer = createWriteStream(rig.streams.stdout);
  writer.write('one\n');
  await output.finish({ idleMs: 100, limitMs: 10_000 });
  expect(await rig.lines()).toEqual(['stdout F one', '']);
  writer.end();
});

it('passes on what comes to all who are attached, from then on', async () => {
  await using rig = await startRig();
  const output = await rig.open();
  const [first, second] = [output.attach('stdout'), output.attach('stdout')];
  await Promise.all([print(rig.streams.stdout, 'one\n'), print(rig.streams.stderr, '')]);
  await output.drained(5_000);
  await output.close();
  expect(await Promise.all([text(first), text(second)])).toEqual(['one\n', 'one\n']);
});

it('goes on for the log and for others when somebody who is attached leaves', async () => {
  await using rig = await startRig();
  const output = await rig.open();
  const leaving = output.attach('stdout');
  const staying = text(output.attach('stdout'));
  const writer = createWriteStream(rig.streams.stdout);
  writer.write(`${'x'.repeat(9_999)}\n`.repeat(20)); // more than a stream holds for one who does not read
  await sleep(50);
  leaving.destroy();
  writer.end();
  await once(writer, 'close');
  await expect.poll(async () => (await rig.lines()).length).toBeGreaterThan(20);
  await output.drained(50);
  await output.close();
  expect((await staying).length).toBe(200_000);
});

it('leaves in the FIFO what it has not read, for whoever opens it next', async () => {
  await using rig = await startRig();
  const first = await rig.open();
  const writer = createWriteStream(rig.streams.stdout, { flags: 'r+' }); // as a shim, which holds both ends
  writer.write('one\n');
  await expect.poll(() => rig.lines().catch(() => [])).toEqual(['stdout F one', '']);
  await first.close();
  writer.write('two\n');
  await sleep(20);
  await rig.open();
  await expect.poll(rig.lines).toEqual(['stdout F one', 'stdout F two', '']);
  writer.destroy();
});
