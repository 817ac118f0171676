import { mkdir, open, readdir, statfs, writeFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pullImage, runPod } from '@crihub/tool-fixtures';
import { run } from '@crihub/transport/process';
import { ContainerState } from '@crihub/wire/cri';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addressesOf, containersOf, podsOf, viewContainer } from '../kubelet/calls.ts';
import { TestPod } from '../kubelet/test-pod.ts';
import { BUSYBOX, TestNode } from '../node/test-node.ts';

async function mount(...args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await run('mount', { args });
  if (exitCode !== 0) throw new Error(stderr.toString());
}

const unmount = async (target: string): Promise<void> => {
  const { exitCode, stderr } = await run('umount', { args: [target] });
  if (exitCode !== 0) throw new Error(stderr.toString());
};

describe('a state database', () => {
  let node: TestNode;
  let state: string;
  let database: string;

  beforeAll(async () => {
    node = await TestNode.start({ number: 22 });
    state = path.join(node.directory, 'state');
    database = path.join(state, 'crihub.db');
  });
  afterEach(async () => {
    await node.stopDaemon();
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
  });

  it('that is damaged is set aside and made again from what runs', async () => {
    const pod = await TestPod.run(node);
    const container = await pod.start();
    const before = await viewContainer(node.cri, container);
    const addresses = await addressesOf(node.cri, pod.id);
    expect(addresses).toHaveLength(1);
    await node.stopDaemon(); // its log is then in the file itself
    await damage(database);
    await node.startDaemon();
    expect(await podsOf(node.cri, pod.config)).toEqual([pod.id]);
    const after = await viewContainer(node.cri, container);
    expect({ state: after.status.state, pid: after.pid }).toEqual({
      state: ContainerState.CONTAINER_RUNNING,
      pid: before.pid,
    });
    expect(await addressesOf(node.cri, pod.id)).toEqual(addresses);
    expect([...(await containersOf(node.cri, pod.id)).keys()]).toEqual(['main']);
    expect((await readdir(state)).some((name) => name.includes('damaged'))).toBe(true);
    await pod.remove();
    expect(await node.leftovers()).toEqual([]);
  });

  it('of a newer version is refused with what to do', async () => {
    const version = schemaOf(database);
    setSchema(database, 99);
    await expect(node.startDaemon()).rejects.toThrow(/schema 99.*newer/);
    setSchema(database, version);
    await node.startDaemon();
  });

  it('on a read-only file system is refused with what to do', async () => {
    await mount('--bind', state, state);
    try {
      await mount('-o', 'remount,bind,ro', state);
      await expect(node.startDaemon()).rejects.toThrow(/read-?only/i);
    } finally {
      await unmount(state);
    }
    await node.startDaemon();
  });
});

describe('a state directory', () => {
  let node: TestNode;
  let state: string;

  beforeAll(async () => {
    node = await TestNode.start({
      number: 23,
      prepare: async (directory) => {
        await mkdir(path.join(directory, 'state'));
        await mount('-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', path.join(directory, 'state'));
      },
    });
    state = path.join(node.directory, 'state');
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
  });

  it('that is full fails what must write, and nothing else, until there is space again', async () => {
    const pod = await TestPod.run(node);
    await pod.start();
    await fill(path.join(state, 'ballast'));
    await expect(runPod(node.cri, await node.podConfig('late'))).rejects.toThrow(/full|space/i);
    await expect(pod.create({ metadata: { name: 'late', attempt: 0 } })).rejects.toThrow(/full|space/i);
    expect(await podsOf(node.cri, pod.config)).toEqual([pod.id]);
    await rm(path.join(state, 'ballast'));
    await pullImage(node.cri, BUSYBOX);
    await pod.start({ metadata: { name: 'late', attempt: 0 } });
    await pod.remove();
    expect(await node.leftovers({ ownMounts: [state] })).toEqual([]);
  });
});

/** Overwrites the first pages, as a broken disk would. */
async function damage(file: string): Promise<void> {
  await using handle = await open(file, 'r+');
  await handle.write(Buffer.alloc(8192, 0x5a), 0, 8192, 0);
}

function schemaOf(file: string): number {
  using database = new DatabaseSync(file);
  return Number(database.prepare("SELECT value FROM meta WHERE key = 'schema'").get()?.['value']);
}

function setSchema(file: string, version: number): void {
  using database = new DatabaseSync(file);
  database.prepare("UPDATE meta SET value = ? WHERE key = 'schema'").run(version);
}

/** Takes all the space of the file system, also what the daemon takes or frees meanwhile. */
async function fill(file: string): Promise<void> {
  await writeFile(file, '');
  for (let tries = 0, size = 0; tries < 20; tries += 1) {
    const { bavail, bsize } = await statfs(path.dirname(file));
    if (bavail === 0) return;
    const { exitCode } = await run('fallocate', { args: ['-l', String(size + bavail * bsize), file] });
    if (exitCode === 0) size += bavail * bsize;
  }
  throw new Error(`${file} can't take all the space`);
}
