import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mount } from '@crihub/contract';
import { sampleContainer, sampleSandbox } from '@crihub/contract-testkit';
import { listMounts, Mounts, NamespaceWorker } from '@crihub/linux';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lowerIn, mountIn } from './guest-layout.ts';
import { podShareDirectories, PodShare } from './pod-share.ts';

const soon = (): AbortSignal => AbortSignal.timeout(10_000);

let directory: string;
let worker: NamespaceWorker;
let mounts: Mounts;
let share: PodShare;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crihub-share-'));
  for (const name of ['root', 'volume', 'log']) await mkdir(join(directory, name));
  worker = new NamespaceWorker();
  mounts = new Mounts({ worker });
  share = new PodShare(podShareDirectories(join(directory, 'pod')), { mounts });
  await share.open(soon());
});
afterEach(async () => {
  await mounts.unmountUnder(directory);
  await worker.close();
  await rm(directory, { recursive: true });
});

const volume = (change: Partial<Mount> = {}): Mount => ({
  destination: '/data',
  source: join(directory, 'volume'),
  readonly: false,
  recursiveReadonly: false,
  propagation: 'private',
  selinuxRelabel: false,
  uidMappings: [],
  gidMappings: [],
  options: [],
  ...change,
});

const containerWith = (...volumes: readonly Mount[]): ReturnType<typeof sampleContainer> => {
  const sandbox = sampleSandbox({ directory: join(directory, 'pod') });
  const logPath = join(directory, 'log/0.log');
  return sampleContainer(sandbox, { rootfs: join(directory, 'root'), logPath, mounts: volumes });
};

const view = (): { host: string; guest: string } => ({
  host: podShareDirectories(join(directory, 'pod')).view,
  guest: '/',
});

it('shows root filesystems and read-only volumes to read, others to write, and nothing between them', async () => {
  const container = containerWith(volume(), volume({ readonly: true }));
  await share.add(container, soon());
  const [first, second] = [mountIn(view(), container.id, 0).host, mountIn(view(), container.id, 1).host];
  await writeFile(join(first, 'file'), 'from the guest');
  expect(await readFile(join(directory, 'volume/file'), 'utf8')).toBe('from the guest');
  for (const closed of [second, lowerIn(view(), container.id).host, view().host, join(first, '..')]) {
    await expect(writeFile(join(closed, 'new'), '')).rejects.toMatchObject({ code: 'EROFS' });
  }
});

it('shows what is mounted on the host later to a container that wants it', async () => {
  await mounts.bind({ source: directory, target: directory, propagation: 'shared' }, soon());
  const container = containerWith(volume({ propagation: 'hostToContainer' }));
  await share.open(soon());
  await share.add(container, soon());
  await mkdir(join(directory, 'volume/later'));
  await mounts.mountTmpfs({ target: join(directory, 'volume/later') }, soon());
  await writeFile(join(directory, 'volume/later/file'), 'seen');
  const shown = join(mountIn(view(), container.id, 0).host, 'later/file');
  expect(await readFile(shown, 'utf8')).toBe('seen');
});

it('removes all of a container, and nothing of its volumes or of what links in them lead to', async () => {
  const container = containerWith(volume());
  await writeFile(join(directory, 'volume/kept'), '');
  await writeFile(join(directory, 'log/0.log'), 'kept too');
  await share.add(container, soon());
  await symlink('/etc', join(mountIn(view(), container.id, 0).host, 'link'));
  await share.removeContainer(container.id, soon());
  await share.removeContainer(container.id, soon());
  expect(await readdir(view().host)).toEqual([]);
  expect(await readdir(join(directory, 'volume'))).toEqual(['kept', 'link']);
  expect(await readFile(join(directory, 'log/0.log'), 'utf8')).toBe('kept too');
  await share.remove(soon());
  expect(await listMounts(directory)).toEqual([]);
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
  await share.add(container, soon());
  const inner = (index: number): string => join(mountIn(view(), container.id, index).host, 'inner/file');
  await writeFile(inner(0), '');
  await expect(writeFile(inner(1), '')).rejects.toMatchObject({ code: 'EROFS' });
  await expect(writeFile(join(inner(0), '../../file'), '')).rejects.toMatchObject({ code: 'EROFS' });
});

it('lets go of volumes when the machine has ended, and keeps what it reported', async () => {
  const container = containerWith(volume());
  await share.add(container, soon());
  await writeFile(join(podShareDirectories(join(directory, 'pod')).reports, 'exits', container.id), '3');
  await share.close(soon());
  await share.close(soon());
  expect(await listMounts(directory)).toEqual([]);
  await share.removeContainer(container.id, soon());
  expect(await readdir(join(directory, 'pod/reports/exits'))).toEqual([container.id]);
});

it('can be repeated where it was half done', async () => {
  const container = containerWith(volume());
  await share.add(container, soon());
  await share.add(container, soon());
  expect((await listMounts(view().host)).length).toBe(3);
});

it('refuses a socket of the host', async () => {
  const server = createServer().listen(join(directory, 'volume/socket'));
  const container = containerWith(volume({ source: join(directory, 'volume/socket') }));
  await expect(share.add(container, soon())).rejects.toMatchObject({ kind: 'FailedPrecondition' });
  server.close();
});
