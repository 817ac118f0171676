import { mkdtempDisposable, readFile, rename, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@crihub/kernel';
import { ContainerLog } from '@crihub/service-container-log';
import { expect, it } from 'vitest';
import type { TaskStreams } from '../api/task-service.ts';
import { ContainerOutput, makeStreams, streamPaths } from './container-output.ts';
import type { PendingOutput } from './pending-output.ts';
import { PendingOutputs } from './pending-outputs.ts';

const CHUNK = 'one\ntwo\n';
const LINES = ['stdout F before', 'stdout F one', 'stdout F two'];

/** The streams of one container, whose daemon can die. */
class Rig implements AsyncDisposable {
  readonly streams: TaskStreams;
  readonly path: string;
  readonly #directory: Awaited<ReturnType<typeof mkdtempDisposable>>;

  static async start(): Promise<Rig> {
    const rig = new Rig(await mkdtempDisposable(join(tmpdir(), 'pending-output-')));
    makeStreams(rig.streams);
    const log = rig.log();
    await log.write('stdout', Buffer.from('before\n'));
    await log.close();
    return rig;
  }

  private constructor(directory: Awaited<ReturnType<typeof mkdtempDisposable>>) {
    this.#directory = directory;
    this.path = join(directory.path, '0.log');
    this.streams = streamPaths(join(directory.path, 'init'), { terminal: false, stdin: false });
  }

  log(): ContainerLog {
    return new ContainerLog({ path: this.path }, { clock: systemClock, logger: silentLogger });
  }

  /** As a daemon has it that starts. */
  async pendings(): Promise<PendingOutputs> {
    const pendings = new PendingOutputs({ directory: join(this.#directory.path, 'pending') });
    await pendings.adopt();
    return pendings;
  }

  /** What a daemon has read that died then. */
  async reads(stream: 'stdout' | 'stderr', text: string): Promise<PendingOutput> {
    const pending = await (await this.pendings()).open(this.streams[stream]);
    pending.buffer.write(text);
    return pending;
  }

  /** The next daemon takes over, and stops in good order. */
  async takeOver(): Promise<void> {
    const output = await ContainerOutput.open(this.streams, {
      log: this.log(),
      pendings: await this.pendings(),
    });
    await output.close();
  }

  async lines(path = this.path): Promise<readonly string[]> {
    return (await readFile(path, 'utf8')).split('\n').map((line) => line.slice(31));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#directory.remove();
  }
}

/** Writes the chunk, of which so many bytes less reach the log. */
async function writeBut(missing: number, rig: Rig, pending: PendingOutput, chunk = CHUNK): Promise<void> {
  pending.took(chunk.length);
  const log = rig.log();
  await log.write('stdout', Buffer.from(chunk), (place) => pending.writesAt(place));
  await log.close();
  await truncate(rig.path, (await stat(rig.path)).size - missing);
}

const ENTRIES_BYTES = 2 * `${new Date().toISOString()}000000 stdout F one\n`.length;

it.each<[string, (rig: Rig, pending: PendingOutput) => Promise<void> | void]>([
  ['read it', () => undefined],
  ['noted that', (_rig, pending) => pending.took(CHUNK.length)],
  ['found its place', (rig, pending) => writeBut(ENTRIES_BYTES, rig, pending)],
  ['written a byte', (rig, pending) => writeBut(ENTRIES_BYTES - 1, rig, pending)],
  ['written the first line', (rig, pending) => writeBut(ENTRIES_BYTES / 2, rig, pending)],
  ['written all but the last byte', (rig, pending) => writeBut(1, rig, pending)],
  ['written it', (rig, pending) => writeBut(0, rig, pending)],
])('a daemon that dies when it has %s loses no line and doubles none', async (_moment, die) => {
  await using rig = await Rig.start();
  await die(rig, await rig.reads('stdout', CHUNK));
  await rig.takeOver();
  expect(await rig.lines()).toEqual([...LINES, '']);
  await rig.takeOver();
  expect(await rig.lines()).toEqual([...LINES, '']);
});

it('finishes what was begun before it writes what only was read', async () => {
  await using rig = await Rig.start();
  const pendings = await rig.pendings();
  const [error, output] = [
    await pendings.open(rig.streams.stderr),
    await pendings.open(rig.streams.stdout),
  ] as const;
  // The streams' order in the rig is stdout, stderr; here stderr was in the middle.
  error.buffer.write('one\n');
  output.buffer.write('two\n');
  output.took(4);
  const log = rig.log();
  error.took(4);
  await log.write('stderr', Buffer.from('one\n'), (place) => error.writesAt(place));
  await log.close();
  await truncate(rig.path, (await stat(rig.path)).size - 2);
  await rig.takeOver();
  expect(await rig.lines()).toEqual(['stdout F before', 'stderr F one', 'stdout F two', '']);
});

it('finishes a line in the file that it began in, though that was rotated since', async () => {
  await using rig = await Rig.start();
  await writeBut(3, rig, await rig.reads('stdout', CHUNK));
  const rotated = `${rig.path}.20261130-120000`;
  await rename(rig.path, rotated);
  await rig.takeOver();
  expect(await rig.lines(rotated)).toEqual([...LINES, '']);
});

it('knows the last of equal chunks from the one before', async () => {
  await using rig = await Rig.start();
  const pending = await rig.reads('stdout', 'y\n');
  await writeBut(0, rig, pending, 'y\n');
  pending.clear();
  pending.buffer.write('y\n');
  await rig.takeOver();
  expect(await rig.lines()).toEqual(['stdout F before', 'stdout F y', 'stdout F y', '']);
});

it('leaves nothing of a chunk to the stream that it serves next', async () => {
  await using rig = await Rig.start();
  const pendings = await rig.pendings();
  const first = await pendings.open('first');
  first.buffer.write(CHUNK);
  first.took(CHUNK.length);
  pendings.release(first);
  const second = await pendings.open('second');
  expect(second).toBe(first);
  expect([second.name, second.chunk]).toEqual(['second', undefined]);
});

it('gives up what is left of a stream that nobody opens', async () => {
  await using rig = await Rig.start();
  await rig.reads('stdout', CHUNK);
  const pendings = await rig.pendings();
  pendings.forgetLeft();
  expect((await pendings.open(rig.streams.stdout)).chunk).toBeUndefined();
});
