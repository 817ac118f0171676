import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mount } from '@crihub/contract';
import { sampleContainer, sampleMount, sampleSandbox } from '@crihub/contract-testkit';
import { listMounts, Mounts, NamespaceWorker, type ProcessRef, processRef } from '@crihub/linux';
import { type SpawnedProcess, spawnProcess } from '@crihub/transport/process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lowerIn, mountIn } from './guest-layout.ts';
import { GuestView } from './guest-view.ts';
import type { GuestShares } from './guest.ts';
import { PodShare, podShareDirectories } from './pod-share.ts';

const soon = (): AbortSignal => AbortSignal.timeout(10_000);

let directory: string;
let worker: NamespaceWorker;
let mounts: Mounts;
let machine: SpawnedProcess;
let shares: GuestShares;
let share: PodShare;
let view: GuestView;

/** What stands for a machine is a process with the same mounts. */
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crihub-view-'));
  for (const name of ['root', 'volume', 'log', 'vm']) await mkdir(join(directory, name));
  worker = new NamespaceWorker();
  mounts = new Mounts({ worker });
  const { files, reports } = podShareDirectories(join(directory, 'pod'));
  share = new PodShare({ files, reports });
  await share.open();
  const script = `mount --bind -o ro ${files} ${files}; mount --bind ${reports} ${reports}; cd /; echo; exec sleep 1000`;
  const args = ['--mount', '--propagation', 'private', 'sh', '-c', script];
  machine = await spawnProcess('unshare', { args });
  for await (const _ready of machine.stdout) break;
  const own = mounts.of((await processRef(machine.pid)) as ProcessRef);
  const keep = [
    { from: files, to: '/share/files' },
    { from: reports, to: '/share/reports' },
  ];
  await own.confine({ directory: join(directory, 'vm'), keep });
  shares = {
    files: { host: files, guest: '/share/files' },
    reports: { host: reports, guest: '/share/reports' },
  };
  view = new GuestView(shares, { share, mounts: own });
});
afterEach(async () => {
  machine.killGroup();
  await machine.exited;
  await mounts.unmountUnder(directory);
  await worker.close();
  await rm(directory, { recursive: true });
});

const volume = (change: Partial<Mount> = {}): Mount =>
  sampleMount({ destination: '/data', source: join(directory, 'volume'), ...change });

const containerWith = (...volumes: readonly Mount[]): ReturnType<typeof sampleContainer> => {
  const sandbox = sampleSandbox({ directory: join(directory, 'pod') });
  const logPath = join(directory, 'log/0.log');
  return sampleContainer(sandbox, { rootfs: join(directory, 'root'), logPath, mounts: volumes });
};

/** A path as the machine sees it. */
const seen = (...names: readonly string[]): string => join(`/proc/${String(machine.pid)}/root`, ...names);
type Shown = ReturnType<typeof containerWith>;
const seenVolume = ({ id }: Shown, index: number): string => seen(mountIn(shares.files, id, index).guest);

it('shows root filesystems and read-only volumes to read, others to write, and nothing between them', async () => {
  const container = containerWith(volume(), volume({ readonly: true }));
  await view.add(container, soon());
  const [first, second] = [seenVolume(container, 0), seenVolume(container, 1)];
  await writeFile(join(first, 'file'), 'from the guest');
  expect(await readFile(join(directory, 'volume/file'), 'utf8')).toBe('from the guest');
  const root = seen(lowerIn(shares.files, container.id).guest);
  for (const closed of [second, root, seen('/share/files'), join(first, '..')]) {
    await expect(writeFile(join(closed, 'new'), '')).rejects.toMatchObject({ code: 'EROFS' });
  }
  expect(await listMounts(directory)).toEqual([]);
});

it('shows what is mounted on the host later to a container that wants it', async () => {
  await mounts.bind({ source: directory, target: directory, propagation: 'shared' }, soon());
  const container = containerWith(volume({ propagation: 'hostToContainer' }));
  await view.add(container, soon());
  await mkdir(join(directory, 'volume/later'));
  await mounts.mountTmpfs({ target: join(directory, 'volume/later') }, soon());
  await writeFile(join(directory, 'volume/later/file'), 'seen');
  expect(await readFile(join(seenVolume(container, 0), 'later/file'), 'utf8')).toBe('seen');
});

it('keeps nobody from unmounting and removing what is mounted in a volume', async () => {
  await mkdir(join(directory, 'volume/inner'));
  await mounts.mountTmpfs({ target: join(directory, 'volume/inner') }, soon());
  await view.add(containerWith(volume(), volume({ readonly: true })), soon());
  await mounts.unmount(join(directory, 'volume/inner'), {}, soon());
  await rmdir(join(directory, 'volume/inner'));
});

it('removes all of a container, and nothing of its volumes or of what links in them lead to', async () => {
  const container = containerWith(volume());
  await writeFile(join(directory, 'volume/kept'), '');
  await writeFile(join(directory, 'log/0.log'), 'kept too');
  await view.add(container, soon());
  await symlink('/etc', join(seenVolume(container, 0), 'link'));
  await view.removeContainer(container.id, soon());
  await view.removeContainer(container.id, soon());
  expect(await readdir(shares.files.host)).toEqual([]);
  expect((await readFile(`/proc/${String(machine.pid)}/mountinfo`, 'utf8')).trim().split('\n').length).toBe(
    4,
  );
  expect(await readdir(join(directory, 'volume'))).toEqual(['kept', 'link']);
  expect(await readFile(join(directory, 'log/0.log'), 'utf8')).toBe('kept too');
  await share.remove();
  expect(await readdir(join(directory, 'pod'))).toEqual([]);
  expect((await stat('/etc')).isDirectory()).toBe(true);
});

it('closes a read-only volume alone, or all that is mounted in it too', async () => {
  await mkdir(join(directory, 'volume/inner'));
  await mounts.mountTmpfs({ target: join(directory, 'volume/inner') }, soon());
  const container = containerWith(
    volume({ readonly: true }),
    volume({ readonly: true, recursiveReadonly: true }),
  );
  await view.add(container, soon());
  const inner = (index: number): string => join(seenVolume(container, index), 'inner/file');
  await writeFile(inner(0), '');
  await expect(writeFile(inner(1), '')).rejects.toMatchObject({ code: 'EROFS' });
  await expect(writeFile(join(inner(0), '../../file'), '')).rejects.toMatchObject({ code: 'EROFS' });
});

it('can be repeated where it was half done', async () => {
  const container = containerWith(volume());
  await view.add(container, soon());
  await view.add(container, soon());
  await writeFile(join(seenVolume(container, 0), 'file'), '');
});

it('refuses a socket of the host', async () => {
  const server = createServer().listen(join(directory, 'volume/socket'));
  const container = containerWith(volume({ source: join(directory, 'volume/socket') }));
  await expect(view.add(container, soon())).rejects.toMatchObject({ kind: 'FailedPrecondition' });
  server.close();
});

it('has nothing to show to a machine that has ended, and removes what was shown', async () => {
  const container = containerWith(volume());
  await view.add(container, soon());
  await writeFile(join(directory, 'volume/kept'), '');
  machine.killGroup();
  await machine.exited;
  await expect(view.add(container, soon())).rejects.toMatchObject({ kind: 'Unavailable' });
  await view.removeContainer(container.id, soon());
  expect(await readdir(shares.files.host)).toEqual([]);
  expect(await readdir(join(directory, 'volume'))).toEqual(['kept']);
});
