import { chown, lstat, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LinuxRig, startRig } from '../testing/rig.ts';
import { listMounts, mountPropagationOf } from './mountinfo.ts';
import { mountOverlay } from './overlay.ts';
import type { OverlayMount } from './overlay-mount.ts';

let rig: LinuxRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

const directory = async (...names: string[]): Promise<string> => {
  const path = join(rig.directory, ...names);
  await mkdir(path, { recursive: true });
  return path;
};

/** An overlay of so many layers; layer n has a file `n`, and all have `top` with their number in it. */
async function layers(name: string, count: number, segment = ''): Promise<OverlayMount> {
  const lower: string[] = [];
  for (let layer = 0; layer < count; layer += 1) {
    const path = await directory(name, segment, `layer-${String(layer)}`);
    await writeFile(join(path, String(layer)), '');
    await writeFile(join(path, 'top'), String(layer));
    lower.push(path);
  }
  const writable = {
    upper: await directory(name, segment, 'upper'),
    work: await directory(name, segment, 'work'),
  };
  return { lower, writable, target: await directory(name, 'merged') };
}

describe('mountOverlay', () => {
  it.each([
    { sentence: 'one layer', count: 1, segment: '' },
    { sentence: '120 layers with paths of ordinary length', count: 120, segment: 'x'.repeat(80) },
    { sentence: '70 layers with paths longer than a parameter may be', count: 70, segment: 'y'.repeat(250) },
    { sentence: 'paths with commas, colons, spaces and backslashes', count: 3, segment: 'a,b:c d\\e=f' },
  ])('mounts $sentence, the first lowest', async ({ count, segment }) => {
    const overlay = await layers(`overlay-${String(count)}`, count, segment);
    await rig.mounts.mountOverlay(overlay);
    expect(await readFile(join(overlay.target, 'top'), 'utf8')).toBe(String(count - 1));
    expect((await readdir(overlay.target)).length).toBe(count + 1);
    await writeFile(join(overlay.target, 'new'), 'written');
    expect(await readFile(join(overlay.writable?.upper ?? '', 'new'), 'utf8')).toBe('written');
    await rig.mounts.unmount(overlay.target);
    expect(await readdir(overlay.target)).toEqual([]);
  });

  it.each([1, 4])('mounts %i layers read-only when nothing is writable', async (count) => {
    const { lower, target } = await layers(`readonly-${String(count)}`, count);
    await rig.mounts.mountOverlay({ lower, target, attributes: ['nodev'] });
    await expect(writeFile(join(target, 'new'), '')).rejects.toMatchObject({ code: 'EROFS' });
    expect((await listMounts(target))[0]?.options).toEqual(expect.arrayContaining(['ro', 'nodev']));
  });

  it.each([
    { sentence: '100 layers', count: 100, segment: 'z'.repeat(200) },
    { sentence: 'awkward paths', count: 2, segment: 'a,b:c\\d' },
  ])('mounts $sentence on a kernel that takes all layers in one page', async ({ count, segment }) => {
    const overlay = await layers(`page-${String(count)}`, count, segment);
    mountOverlay(overlay, { major: 6, minor: 4, release: '6.4' });
    expect((await readdir(overlay.target)).length).toBe(count + 1);
  });

  it('refuses an overlay without layers with a sentence', async () => {
    const target = await directory('nothing');
    await expect(rig.mounts.mountOverlay({ lower: [], target })).rejects.toMatchObject({
      kind: 'InvalidArgument',
    });
  });

  it('names the missing layer in the words of the kernel', async () => {
    const overlay = await layers('missing', 2);
    const lower = [...overlay.lower, join(rig.directory, 'no-such-layer')];
    await expect(rig.mounts.mountOverlay({ ...overlay, lower })).rejects.toThrow('no-such-layer');
    expect(await listMounts(overlay.target)).toEqual([]);
  });

  it('shows files of layers under other ids when it is given a user namespace', async () => {
    const overlay = await layers('idmapped', 3);
    const user = join(rig.directory, 'overlay-userns');
    const mapping = [{ containerId: 0, hostId: 200_000, length: 1000 }];
    await rig.namespaces.create({ user: { path: user, uids: mapping, gids: mapping } });
    await chown(join(overlay.lower[0] ?? '', '0'), 7, 8);
    await rig.mounts.mountOverlay({ ...overlay, idmap: user });
    expect(await stat(join(overlay.target, '0'))).toMatchObject({ uid: 200_007, gid: 200_008 });
    expect((await listMounts(rig.directory)).filter(({ target }) => target.includes('idmapped')).length).toBe(
      1,
    );
    await rig.mounts.unmount(overlay.target);
    await rig.namespaces.remove(user);
  });
});

describe('bind', () => {
  it('is read-only from the start, recursively if asked', async () => {
    const source = await directory('tree');
    const inner = await directory('tree', 'inner');
    await rig.mounts.mountTmpfs({ target: inner, sizeBytes: 65_536, mode: 0o1777, attributes: ['nosuid'] });
    expect((await lstat(inner)).mode & 0o7777).toBe(0o1777);
    const shallow = await directory('shallow');
    await rig.mounts.bind({ source, target: shallow, recursive: true, set: ['readonly'] });
    await writeFile(join(shallow, 'inner', 'file'), '');
    await expect(writeFile(join(shallow, 'file'), '')).rejects.toMatchObject({ code: 'EROFS' });
    const deep = await directory('deep');
    await rig.mounts.bind({
      source,
      target: deep,
      recursive: true,
      set: ['readonly'],
      recursiveSettings: true,
    });
    await expect(writeFile(join(deep, 'inner', 'file'), '')).rejects.toMatchObject({ code: 'EROFS' });
    await writeFile(join(inner, 'file'), 'still writable');
  });

  it('binds a file on a file', async () => {
    const source = join(rig.directory, 'source-file');
    const target = join(rig.directory, 'target-file');
    await writeFile(source, 'content');
    await writeFile(target, '');
    await rig.mounts.bind({ source, target });
    expect(await readFile(target, 'utf8')).toBe('content');
  });

  it('shows other ids when it is given a user namespace', async () => {
    const source = await directory('idmap-source');
    const target = await directory('idmap-target');
    await writeFile(join(source, 'file'), '');
    const user = join(rig.directory, 'bind-userns');
    const mapping = [{ containerId: 0, hostId: 100_000, length: 65_536 }];
    await rig.namespaces.create({ user: { path: user, uids: mapping, gids: mapping } });
    await rig.mounts.bind({ source, target, idmap: user });
    expect(await stat(join(target, 'file'))).toMatchObject({ uid: 100_000, gid: 100_000 });
    await rig.mounts.unmount(target);
    await rig.namespaces.remove(user);
  });

  it('says which path is missing', async () => {
    const target = join(rig.directory, 'no-target');
    await expect(rig.mounts.bind({ source: rig.directory, target })).rejects.toMatchObject({
      code: 'ENOENT',
      syscall: 'move_mount',
      path: target,
    });
  });
});

describe('change', () => {
  it.each(['shared', 'slave', 'private', 'unbindable'] as const)('makes a mount %s', async (propagation) => {
    const target = await directory(`propagation-${propagation}`);
    await rig.mounts.mountTmpfs({ target });
    if (propagation === 'slave') await rig.mounts.change({ target, propagation: 'shared' });
    await rig.mounts.change({ target, propagation });
    // A slave without a master left is private.
    expect(await mountPropagationOf(target)).toBe(propagation === 'slave' ? 'private' : propagation);
  });

  it('sets and clears attributes', async () => {
    const target = await directory('attributes');
    await rig.mounts.mountTmpfs({ target });
    await rig.mounts.change({ target, set: ['readonly', 'noexec'] });
    expect((await listMounts(target))[0]?.options).toEqual(expect.arrayContaining(['ro', 'noexec']));
    await rig.mounts.change({ target, clear: ['readonly'] });
    await writeFile(join(target, 'file'), '');
  });
});

describe('unmount', () => {
  it('does nothing where nothing is mounted, or nothing is at all', async () => {
    await rig.mounts.unmount(await directory('plain'));
    await rig.mounts.unmount(join(rig.directory, 'not', 'there'));
  });

  it('refuses a mount in use, and detaches it when told to', async () => {
    const target = await directory('busy');
    await rig.mounts.mountTmpfs({ target });
    await mkdir(join(target, 'inner'));
    await rig.mounts.mountTmpfs({ target: join(target, 'inner') });
    await expect(rig.mounts.unmount(target)).rejects.toMatchObject({ code: 'EBUSY', path: target });
    await rig.mounts.unmountUnder(target);
    expect(await listMounts(target)).toEqual([]);
  });
});
