import { readdir, readFile } from 'node:fs/promises';
import type { Container, ImageSource, Sandbox } from '@crihub/contract';
import { GrpcConnection } from '@crihub/transport/grpc-client';
import { content, snapshots } from '@crihub/wire/containerd';
import { describe, expect, it } from 'vitest';
import { ContainerdRig } from '../testing/containerd-rig.ts';
import { chainedLayers } from './layers.ts';

const soon = (): AbortSignal => AbortSignal.timeout(30_000);

async function runPod(rig: ContainerdRig): Promise<Sandbox> {
  const sandbox = await rig.makeSandbox();
  await rig.backend.sandboxes.prepare(sandbox, soon());
  await rig.backend.sandboxes.start(sandbox, undefined, soon());
  return sandbox;
}

async function runContainer(rig: ContainerdRig, sandbox: Sandbox, script: string): Promise<Container> {
  const container = await rig.makeContainer(sandbox, { process: { args: ['/bin/sh', '-c', script] } });
  await rig.backend.containers.create(container, sandbox, soon());
  await rig.backend.containers.start(container.id, soon());
  return container;
}

/** Lines of a container's log, once it has printed some. */
async function output({ logPath }: Container): Promise<string> {
  await expect.poll(() => readFile(logPath, 'utf8'), { timeout: 10_000 }).toContain(' F ');
  return (await readFile(logPath, 'utf8')).replace(/^.* F /gm, '');
}

/** What containerd keeps for crihub: digests of blobs, names of snapshots. */
async function keptBy(rig: ContainerdRig, snapshotter: string): Promise<readonly string[]> {
  const connection = new GrpcConnection({
    socketPath: rig.daemon.socketPath,
    server: 'containerd under test',
    metadata: { 'containerd-namespace': 'crihub' },
  });
  try {
    const kept: string[] = [];
    const blobs = connection.stream(content.ContentService.list, { filters: [] }, soon());
    for await (const { info } of blobs) kept.push(...info.map(({ digest }) => `blob ${digest}`));
    const trees = connection.stream(snapshots.SnapshotsService.list, { snapshotter, filters: [] }, soon());
    for await (const { info } of trees) kept.push(...info.map(({ name }) => `snapshot ${name}`));
    return kept.toSorted();
  } finally {
    connection.close();
  }
}

async function partsOf({ images }: ContainerdRig): ReturnType<ImageSource['parts']> {
  if (images === undefined) throw new Error('the rig has no images');
  return await images.parts(images.id);
}

describe.each(['overlayfs', 'native'])('root filesystems from the snapshotter %s', (snapshotter) => {
  const start = (): Promise<ContainerdRig> => ContainerdRig.start({ rootfs: 'snapshotter', snapshotter });

  it('are copied once, are writable, and are each container’s own', async () => {
    await using rig = await start();
    const sandbox = await runPod(rig);
    const script = 'ls /mine 2>/dev/null; touch /mine; ls /mine';
    const all = await Promise.all([1, 2, 3].map(() => runContainer(rig, sandbox, script)));
    expect(await Promise.all(all.map(output))).toEqual(['/mine\n', '/mine\n', '/mine\n']);
    expect(rig.images?.handedOver).toBe(1);
    const { containers } = await rig.backend.inventory(soon());
    for (const { writableLayer } of containers)
      if (snapshotter === 'overlayfs')
        expect(await readdir(writableLayer?.directory ?? '')).toContain('mine');
    await rig.reopen();
    expect(await output(await runContainer(rig, sandbox, 'echo again'))).toBe('again\n');
    await rig.backend.sandboxes.remove(sandbox.id, soon());
    expect(await rig.leaks()).toEqual([]);
  });

  it('go with their containers, and the copy of the image with the image', async () => {
    await using rig = await start();
    const sandbox = await runPod(rig);
    await output(await runContainer(rig, sandbox, 'echo up'));
    await rig.backend.sandboxes.remove(sandbox.id, soon());
    const [layer] = chainedLayers(await partsOf(rig));
    expect(await keptBy(rig, snapshotter)).toEqual([
      `blob ${String(layer?.source.digest)}`,
      `snapshot ${String(layer?.chainId)}`,
    ]);
    for (const _time of ['once', 'again']) {
      await rig.backend.imageCopies?.remove(rig.images?.id ?? '', soon());
      expect(await keptBy(rig, snapshotter)).toEqual([]);
    }
  });
});

it('refuses an image that the hub does not have, and leaves nothing', async () => {
  await using rig = await ContainerdRig.start({ rootfs: 'snapshotter' });
  const sandbox = await runPod(rig);
  const container = { ...(await rig.makeContainer(sandbox)), imageId: `sha256:${'0'.repeat(64)}` };
  await expect(rig.backend.containers.create(container, sandbox, soon())).rejects.toMatchObject({
    kind: 'NotFound',
  });
  await rig.backend.sandboxes.remove(sandbox.id, soon());
  expect(await rig.leaks()).toEqual([]);
});

it('is unhealthy, and says why, with a snapshotter that containerd does not have', async () => {
  await using rig = await ContainerdRig.start({ rootfs: 'snapshotter', snapshotter: 'stargz' });
  expect(await rig.backend.health(soon())).toMatchObject({
    healthy: false,
    message: expect.stringContaining('stargz: containerd has no such plugin') as unknown,
  });
});
