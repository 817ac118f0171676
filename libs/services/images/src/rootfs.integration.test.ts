import { silentLogger, systemClock } from '@crihub/kernel';
import { Mounts, NamespaceWorker } from '@crihub/linux';
import { spawnProcess } from '@crihub/transport/process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Image } from './image.ts';
import { ImageStore } from './image-store.ts';
import { RootfsMounter } from './rootfs.ts';
import { FakeRegistry } from './testing/fake-registry.ts';
import { buildImage } from './testing/image-builder.ts';
import { directory as folder, file, type RawEntry, tar } from './testing/tar-builder.ts';
import { directoryUsage } from './usage.ts';

let root: string;
let registry: FakeRegistry;
let store: ImageStore;
let worker: NamespaceWorker;
let mounts: Mounts;
let mounter: RootfsMounter;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'crihub-rootfs-'));
  registry = await FakeRegistry.start();
  store = new ImageStore(
    { root: join(root, 'store'), synchronise: false },
    { logger: silentLogger, clock: systemClock },
  );
  await store.open();
  worker = new NamespaceWorker();
  mounts = new Mounts({ worker });
  mounter = new RootfsMounter({ emptyDirectory: store.emptyDirectory }, { mounts });
});
afterEach(async () => {
  await mounts.unmountUnder(root);
  await worker.close();
  await store.close();
  await registry.close();
  rmSync(root, { recursive: true });
});

async function pull(...layers: RawEntry[][]): Promise<Image> {
  registry.put('v1', buildImage({ layers: layers.map((entries) => tar(...entries)) }));
  return await store.pull(`${registry.host}/a:v1`);
}

function newContainer(name: string): string {
  const path = join(root, name);
  mkdirSync(path);
  return path;
}

test('layers lie over each other in order, with whiteouts, and writes stay apart', async () => {
  const image = await pull(
    [
      folder('./', { mode: 0o755 }),
      file('low', 'low'),
      file('both', 'low'),
      file('gone'),
      file('dir/old'),
      folder('etc'),
    ],
    [
      folder('./', { mode: 0o711 }),
      file('both', 'top'),
      file('.wh.gone', ''),
      folder('dir'),
      file('dir/.wh..wh..opq', ''),
      file('dir/new'),
    ],
  );
  const [a, b] = [newContainer('a'), newContainer('b')];
  const [first, second] = [
    await mounter.mount({ containerDirectory: a, image }),
    await mounter.mount({ containerDirectory: b, image }),
  ];
  expect(readdirSync(first).sort()).toEqual(['both', 'dir', 'etc', 'low']);
  expect(readFileSync(join(first, 'both'), 'utf8')).toBe('top');
  expect(readdirSync(join(first, 'dir'))).toEqual(['new']);
  expect(lstatSync(first).mode & 0o777).toBe(0o711);

  writeFileSync(join(first, 'low'), 'changed');
  rmSync(join(first, 'both'));
  expect(readFileSync(join(second, 'low'), 'utf8')).toBe('low');
  expect(existsSync(join(second, 'both'))).toBe(true);

  await mounter.unmount(a);
  await mounter.unmount(a);
  expect(readdirSync(first)).toEqual([]);
  await mounter.mount({ containerDirectory: a, image });
  await mounter.mount({ containerDirectory: a, image });
  expect(readFileSync(join(first, 'low'), 'utf8')).toBe('changed');
  await mounter.unmount(a);
  rmdirSync(first);
  const { inodesUsed } = await directoryUsage(RootfsMounter.writableLayerIn(a));
  expect(inodesUsed).toBe(3);
});

test('an image without layers, and one with a layer twice', async () => {
  const empty = await pull();
  const path = await mounter.mount({ containerDirectory: newContainer('a'), image: empty });
  writeFileSync(join(path, 'x'), 'x');
  expect(readdirSync(store.emptyDirectory)).toEqual([]);
  const twice = await pull([file('f', '1')], [file('f', '2')], [file('f', '1')]);
  const again = await mounter.mount({ containerDirectory: newContainer('b'), image: twice });
  expect(readFileSync(join(again, 'f'), 'utf8')).toBe('1');
});

test('an image of a hundred layers', async () => {
  const image = await pull(...Array.from({ length: 100 }, (_, index) => [file(`f${String(index)}`)]));
  const path = await mounter.mount({ containerDirectory: newContainer('a'), image });
  expect(readdirSync(path)).toHaveLength(100);
});

test.each([1, 2])('a view of an image of %i layers is read-only', async (count) => {
  const image = await pull(...Array.from({ length: count }, (_, index) => [file(`f${String(index)}`)]));
  const target = newContainer('view');
  await mounter.mountView({ image, target });
  expect(readdirSync(target)).toHaveLength(count);
  expect(() => writeFileSync(join(target, 'x'), '')).toThrow('EROFS');
  await mounter.unmountView(target);
  expect(readdirSync(target)).toEqual([]);
});

test('usage counts a file with two names once, and nothing that is not there', async () => {
  const image = await pull([
    file('f', 'x'.repeat(10_000)),
    { name: 'g', type: '1', linkName: 'f' },
    folder('d'),
  ]);
  const usage = await directoryUsage(image.layerDirectories[0] ?? '');
  expect(usage.inodesUsed).toBe(3);
  expect(usage.usedBytes).toBeGreaterThanOrEqual(10_000);
  expect(await directoryUsage(join(root, 'none'))).toEqual({ usedBytes: 0, inodesUsed: 0 });
});

test('with an id map, root of the user namespace owns the files', async () => {
  const image = await pull([folder('./'), file('root'), file('user', '', { uid: 1000, gid: 1000 })]);
  const helper = await spawnProcess('unshare', { args: ['--user', '--', 'sleep', '60'] });
  try {
    const userNamespace = `/proc/${String(helper.pid)}/ns/user`;
    await expect.poll(() => readlinkSync(userNamespace)).not.toBe(readlinkSync('/proc/self/ns/user'));
    for (const map of ['uid_map', 'gid_map'])
      writeFileSync(`/proc/${String(helper.pid)}/${map}`, '0 200000 65536');
    const containerDirectory = newContainer('a');
    const idMap = { userNamespace, rootUid: 200_000, rootGid: 200_000 };
    const path = await mounter.mount({ containerDirectory, image, idMap });
    expect(lstatSync(path)).toMatchObject({ uid: 200_000, gid: 200_000 });
    expect(lstatSync(join(path, 'root')).uid).toBe(200_000);
    expect(lstatSync(join(path, 'user')).gid).toBe(201_000);
    expect(readdirSync(join(containerDirectory, 'lower'))).toEqual([]);
    const view = newContainer('view');
    await mounter.mountView({ image, target: view, scratchDirectory: join(root, 'scratch'), idMap });
    expect(lstatSync(join(view, 'user')).uid).toBe(201_000);
    await mounter.unmountView(view);
  } finally {
    helper.killGroup();
    await helper.exited;
  }
});
