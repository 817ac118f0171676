import { mkdir, readdir, readFile, readlink, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type ProcessRef, processRef } from '../processes/process-ref.ts';
import { type LinuxRig, spawnHelper, startRig } from '../testing/rig.ts';
import { listMounts } from './mountinfo.ts';
import { ProcessMounts } from './process-mounts.ts';

let rig: LinuxRig;
let base: string;
let helper: Awaited<ReturnType<typeof spawnHelper>>;
let ref: ProcessRef;
let mounts: ProcessMounts;
let count = 0;

beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

/** A process in a mount namespace of its own, where `kept` is a mount. */
beforeEach(async () => {
  base = join(rig.directory, String((count += 1)));
  for (const name of ['kept', 'work', 'volume/inner']) await mkdir(join(base, name), { recursive: true });
  const script = `mount --bind ${base}/kept ${base}/kept; cd /; echo ready; exec sleep 1000`;
  helper = await spawnHelper('unshare', {
    args: ['--mount', '--propagation', 'private', 'sh', '-c', script],
    stdin: true,
  });
  for await (const _ready of helper.stdout) break;
  ref = (await processRef(helper.pid)) as ProcessRef;
  mounts = new ProcessMounts(ref, rig);
});
afterEach(async () => {
  helper.killGroup();
  await helper.exited;
});

const confine = async (): Promise<void> =>
  mounts.confine({ directory: join(base, 'work'), keep: [{ from: join(base, 'kept'), to: '/share/files' }] });
const seen = (path: string): string => `/proc/${String(ref.pid)}/root${path}`;

it('leaves a process nothing of the host but what it keeps', async () => {
  await writeFile(join(base, 'kept/file'), 'kept');
  await confine();
  expect((await readdir(seen('/'))).toSorted()).toEqual(['proc', 'share']);
  expect((await readdir(seen('/proc'))).toSorted()).toEqual([String(ref.pid), 'self'].toSorted());
  expect(await readFile(seen('/share/files/file'), 'utf8')).toBe('kept');
  await expect(writeFile(seen('/new'), '')).rejects.toMatchObject({ code: 'EROFS' });
  const own = (await readFile(`/proc/${String(ref.pid)}/mountinfo`, 'utf8')).trim().split('\n');
  expect(own.map((line) => line.split(' ')[4]).toSorted()).toEqual(
    ['/', `/proc/${String(ref.pid)}`, '/share/files'].toSorted(),
  );
  expect(await readlink(`/proc/${String(ref.pid)}/cwd`)).toBe('/');
});

it('mounts what the process alone sees, so that nobody is kept from removing what was below', async () => {
  await confine();
  await mkdir(join(base, 'kept/data'));
  await rig.mounts.mountTmpfs({ target: join(base, 'volume/inner') });
  await mounts.bind({ source: join(base, 'volume'), target: '/share/files/data', recursive: true });
  await writeFile(seen('/share/files/data/inner/file'), 'written');
  expect(await readFile(join(base, 'volume/inner/file'), 'utf8')).toBe('written');
  expect(await listMounts(join(base, 'kept'))).toEqual([]);
  await rig.mounts.unmount(join(base, 'volume/inner'));
  await rmdir(join(base, 'volume/inner'));
  await writeFile(join(base, 'volume/file'), '');
  await mounts.unmountUnder('/share/files/data');
  await mounts.unmountUnder('/share/files/data');
  expect(await readdir(seen('/share/files/data'))).toEqual([]);
  expect(await readdir(join(base, 'volume'))).toEqual(['file']);
});

it('follows no link of the process to what is ours', async () => {
  await confine();
  await mkdir(join(base, 'kept/data'));
  const target = `/share/files/../../../..${base}/volume`;
  await expect(mounts.bind({ source: join(base, 'volume'), target })).rejects.toMatchObject({
    code: 'ENOENT',
  });
  expect(await listMounts(base)).toEqual([]);
});

it('says that a process has ended, also when another has its number', async () => {
  const later = new ProcessMounts({ ...ref, startTime: ref.startTime + 1 }, rig);
  await expect(later.unmountUnder('/share')).rejects.toMatchObject({ kind: 'NotFound' });
  helper.killGroup();
  await helper.exited;
  await expect(mounts.unmountUnder('/share')).rejects.toMatchObject({ kind: 'NotFound' });
  await rig.mounts.bind({ source: join(base, 'volume'), target: join(base, 'work') });
  expect((await listMounts(base)).length).toBe(1);
});
