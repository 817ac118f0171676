import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@crihub/transport/process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GuestFiles } from './guest-files.ts';
import { GuestProcesses } from './guest-processes.ts';
import { GuestShell } from './guest-shell.ts';
import { localShell } from './testing/local-shell.ts';

let directory: string;
let shell: GuestShell;
let files: GuestFiles;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crihub-guest-'));
  shell = new GuestShell({ open: localShell });
  files = new GuestFiles({ shell });
});
afterEach(async () => {
  shell.close();
  await rm(directory, { recursive: true });
});

it.each([['{"a":"it\'s"}'], [''], ['%s \\n $HOME\nline\n'], ['x'.repeat(200_000)]])(
  'writes and reads what it was given (%#)',
  async (content) => {
    const path = join(directory, 'a file');
    await files.write(path, content);
    expect(await readFile(path, 'utf8')).toBe(content);
    expect(await files.read(path)).toBe(content);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  },
);

it('finds nothing where nothing is', async () => {
  const path = join(directory, 'absent');
  expect(await files.read(path)).toBeUndefined();
  expect(await files.status(path)).toBeUndefined();
  expect(await files.list(path)).toEqual([]);
  expect(await files.read('/proc/4000000/stat')).toBeUndefined();
  await files.remove(path);
});

it('says what it could not do', async () => {
  await expect(files.read(directory)).rejects.toThrow(`could not read ${directory}`);
  await expect(files.write(join(directory, 'no/such'), '')).rejects.toMatchObject({ kind: 'Internal' });
});

it('makes, lists and removes directories', async () => {
  await files.makeDirectory(join(directory, 'a/b'));
  expect((await stat(join(directory, 'a/b'))).mode & 0o777).toBe(0o711);
  await writeFile(join(directory, 'a/c'), '');
  expect(await files.list(join(directory, 'a'))).toEqual(['b', 'c']);
  expect((await files.status(join(directory, 'a/c')))?.inode).toBe(
    (await stat(join(directory, 'a/c'), { bigint: true })).ino,
  );
  await files.remove(join(directory, 'a'));
  expect(await files.list(directory)).toEqual([]);
});

it('reaches the reader of a FIFO, and says when there is none', async () => {
  const fifo = join(directory, 'fifo');
  await run('mkfifo', { args: [fifo] });
  const read = run('head', { args: ['-n', '1', fifo] });
  await files.sendToFifo(fifo, "it's 1\n");
  expect((await read).stdout.toString()).toBe("it's 1\n");
  await expect(files.sendToFifo(fifo, 'x')).rejects.toMatchObject({ code: 'ENXIO' });
  await mkdir(join(directory, 'd'));
  await expect(files.sendToFifo(join(directory, 'd/none'), 'x')).rejects.toMatchObject({ code: 'ENXIO' });
});

it('tells processes from others that had their number', async () => {
  const processes = new GuestProcesses({ shell });
  const self = await processes.identify(process.pid);
  expect(self?.pid).toBe(process.pid);
  expect(await processes.identify(4_000_000)).toBeUndefined();
  const before = await processes.now();
  const { output } = await shell.run('sleep 1000 & echo $!');
  const sleeper = await processes.identify(Number(output));
  expect(sleeper?.startTime).toBeGreaterThanOrEqual(before);
  if (sleeper === undefined) throw new Error('no sleeper');
  await processes.signal({ ...sleeper, startTime: sleeper.startTime + 1 }, 9);
  expect(await processes.identify(sleeper.pid)).toEqual(sleeper);
  await processes.signal(sleeper, 9);
  await expect.poll(() => processes.identify(sleeper.pid)).toBeUndefined();
});

it('finds processes by a word of their command line', async () => {
  const processes = new GuestProcesses({ shell });
  const word = `${directory}/conmon.pid`;
  const { output } = await shell.run(`sh -c 'sleep 1000; true' ${word} & echo $!`);
  const found = await processes.find(word);
  expect(found.map(({ pid }) => pid)).toEqual([Number(output)]);
  await run('pkill', { args: ['-KILL', '-P', output.trim()] });
  for (const one of found) await processes.signal(one, 9);
});
