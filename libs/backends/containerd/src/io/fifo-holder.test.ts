import { createWriteStream } from 'node:fs';
import { mkdtempDisposable, readdir, readlink, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@crihub/kernel';
import { RecordingLogger } from '@crihub/kernel/testing';
import { commandLineOf, listPids } from '@crihub/linux';
import { expect, it } from 'vitest';
import { makeFifo, openReadingEnd } from './fifo.ts';
import { FifoHolder } from './fifo-holder.ts';
import { OutputReader } from './output-reader.ts';

async function startRig() {
  const directory = await mkdtempDisposable(join(tmpdir(), 'fifo-holder-'));
  const holders: FifoHolder[] = [];
  return {
    path: (name: string) => join(directory.path, name),
    open: () => {
      const holder = new FifoHolder({ directory: directory.path }, { logger: silentLogger });
      holders.push(holder);
      return holder;
    },
    /** Names that the process has open. */
    held: async () => {
      const pid = await holderIn(directory.path);
      return pid === undefined ? undefined : await fifosOf(pid, directory.path);
    },
    kill: async () => process.kill((await holderIn(directory.path)) ?? 0, 'SIGKILL'),
    [Symbol.asyncDispose]: async () => {
      const pid = await holderIn(directory.path);
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      await directory.remove();
    },
  };
}

async function holderIn(directory: string): Promise<number | undefined> {
  for (const pid of await listPids()) {
    if (!(await commandLineOf(pid)).includes('crihub-fifo-holder')) continue;
    if ((await readlink(`/proc/${String(pid)}/cwd`).catch(() => '')) === directory) return pid;
  }
  return undefined;
}

async function fifosOf(pid: number, directory: string): Promise<readonly string[]> {
  const descriptors = await readdir(`/proc/${String(pid)}/fd`);
  const targets = await Promise.all(
    descriptors.map((name) => readlink(`/proc/${String(pid)}/fd/${name}`).catch(() => '')),
  );
  return targets
    .filter((target) => target.startsWith(directory) && !target.endsWith('/fifo-holder'))
    .map((target) => target.slice(directory.length + 1))
    .toSorted();
}

/** As a shim: it has both ends while the container lives, and closes them at its end. */
async function print(path: string, output: string): Promise<void> {
  const shim = createWriteStream(path, { flags: 'r+' });
  await new Promise((resolve) => shim.write(output, resolve));
  shim.end();
  await once(shim, 'close');
}

async function readAll(path: string): Promise<string> {
  const chunks: string[] = [];
  const reader = new OutputReader(
    await openReadingEnd(path),
    async (chunk) => void chunks.push(chunk.toString()),
  );
  await expect.poll(() => chunks.join('')).not.toBe('');
  await reader.close();
  return chunks.join('');
}

it('keeps what was printed before the last writer closed, until somebody reads it', async () => {
  await using rig = await startRig();
  makeFifo(rig.path('one'));
  await rig.open().hold(['one']);
  await expect.poll(rig.held).toEqual(['one']);
  await print(rig.path('one'), 'last words\n');
  expect(await readAll(rig.path('one'))).toBe('last words\n');
});

it('does not keep a reader from the end of the output', async () => {
  await using rig = await startRig();
  makeFifo(rig.path('one'));
  await rig.open().hold(['one']);
  await expect.poll(rig.held).toEqual(['one']);
  const reader = new OutputReader(await openReadingEnd(rig.path('one')), async () => undefined);
  await print(rig.path('one'), 'all\n');
  await reader.ended;
});

it('lets go of what is dropped, and passes over what is not there', async () => {
  await using rig = await startRig();
  for (const name of ['one', 'two']) makeFifo(rig.path(name));
  const holder = rig.open();
  await holder.hold(['one', 'missing', 'two']);
  await holder.drop(['one']);
  await expect.poll(rig.held).toEqual(['two']);
});

it('is taken over by the next daemon, without what was removed meanwhile', async () => {
  await using rig = await startRig();
  for (const name of ['one', 'two', 'three']) makeFifo(rig.path(name));
  await rig.open().hold(['one', 'two']);
  await expect.poll(rig.held).toEqual(['one', 'two']);
  await rm(rig.path('one'));
  await rig.open().adopt(['two', 'three']);
  await expect.poll(rig.held).toEqual(['three', 'two']);
});

it('holds everything again after its process was killed', async () => {
  await using rig = await startRig();
  for (const name of ['one', 'two']) makeFifo(rig.path(name));
  const holder = rig.open();
  await holder.hold(['one']);
  await expect.poll(rig.held).toEqual(['one']);
  await rig.kill();
  await expect.poll(rig.held).toBeUndefined();
  await holder.hold(['two']);
  await expect.poll(rig.held).toEqual(['one', 'two']);
});

it('ends its process when it holds nothing, and only then', async () => {
  await using rig = await startRig();
  makeFifo(rig.path('one'));
  const holder = rig.open();
  await holder.hold(['one']);
  await holder.close();
  await expect.poll(rig.held).toEqual(['one']);
  await holder.drop(['one']);
  await holder.close();
  await expect.poll(rig.held).toBeUndefined();
});

it('says once that there is no way to hold them, and lets containers run', async () => {
  const logger = new RecordingLogger();
  const holder = new FifoHolder({ directory: '/proc/nowhere' }, { logger });
  await holder.hold(['one']);
  await holder.hold(['two']);
  expect(logger.lines.map(({ level }) => level)).toEqual(['warn']);
});
