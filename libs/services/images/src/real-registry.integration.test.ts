import { silentLogger, sleep, systemClock } from '@crihub/kernel';
import { spawnProcess, type SpawnedProcess } from '@crihub/transport/process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from './digest.ts';
import { ImageStore } from './image-store.ts';
import { buildImage, type BuiltImage, buildIndex } from './testing/image-builder.ts';
import { file, tar } from './testing/tar-builder.ts';

const PROGRAM = '/usr/bin/docker-registry';

/** The distribution's registry, as nodes meet it. */
describe.skipIf(!existsSync(PROGRAM))('the distribution registry', () => {
  let root: string;
  let host: string;
  let server: SpawnedProcess;
  let store: ImageStore;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'crihub-registry-'));
    host = `127.0.0.1:${String(await freePort())}`;
    const config = join(root, 'config.yml');
    writeFileSync(
      config,
      `version: 0.1\nlog: { level: error }\nstorage:\n  filesystem: { rootdirectory: ${join(root, 'data')} }\nhttp: { addr: ${host} }\n`,
    );
    server = await spawnProcess(PROGRAM, { args: ['serve', config] });
    server.stdout.resume();
    server.stderr.resume();
    for (let tries = 0; !(await isUp()); tries += 1) {
      if (tries > 200) throw new Error('the registry does not answer');
      await sleep(50);
    }
    store = new ImageStore({ root: join(root, 'store') }, { logger: silentLogger, clock: systemClock });
    await store.open();
  });
  afterAll(async () => {
    server.killGroup();
    await server.exited;
    await store.close();
    rmSync(root, { recursive: true });
  });

  const isUp = async (): Promise<boolean> =>
    await fetch(`http://${host}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );

  async function push(image: BuiltImage, ...tags: string[]): Promise<void> {
    for (const [digest, blob] of image.blobs) {
      const started = await fetch(`http://${host}/v2/a/b/blobs/uploads/`, { method: 'POST' });
      const location = new URL(started.headers.get('location') ?? '', `http://${host}`);
      location.searchParams.set('digest', digest);
      const put = await fetch(location, { method: 'PUT', body: new Uint8Array(blob) });
      expect(put.status).toBe(201);
    }
    for (const tag of [image.manifestDigest, ...tags])
      await putManifest(tag, image.manifest, image.mediaType);
  }

  async function putManifest(tag: string, content: Buffer, mediaType: string): Promise<void> {
    const put = await fetch(`http://${host}/v2/a/b/manifests/${tag}`, {
      method: 'PUT',
      headers: { 'content-type': mediaType },
      body: new Uint8Array(content),
    });
    expect(put.status).toBe(201);
  }

  const platform = { os: 'linux', architecture: 'amd64' };
  const noise = randomBytes(5_000_000);
  const image = buildImage({ layers: [tar(file('big', noise)), tar(file('small'))] });

  test('gives an image by tag and by digest, and both are one', async () => {
    await push(image, 'v1');
    const byTag = await store.pull(`${host}/a/b:v1`);
    expect(readFileSync(join(byTag.layerDirectories[0] ?? '', 'big')).equals(noise)).toBe(true);
    const byDigest = await store.pull(`${host}/a/b@${image.manifestDigest}`);
    expect(byDigest).toEqual(byTag);
    const both = await store.pull(`${host}/a/b:v1@${image.manifestDigest}`);
    expect(both.id).toBe(image.id);
  });

  test('gives the right image of an index', async () => {
    const amd64 = buildImage({ layers: [tar(file('amd64'))], platform });
    const arm64 = buildImage({
      layers: [tar(file('arm64'))],
      platform: { os: 'linux', architecture: 'arm64' },
    });
    await push(amd64);
    await push(arm64);
    const index = buildIndex([
      { image: arm64, platform: { os: 'linux', architecture: 'arm64' } },
      { image: amd64, platform },
    ]);
    await putManifest('multi', index.content, index.mediaType);
    const elsewhere = new ImageStore(
      { root: join(root, 'other'), platform },
      { logger: silentLogger, clock: systemClock },
    );
    await elsewhere.open();
    const pulled = await elsewhere.pull(`${host}/a/b:multi`);
    await elsewhere.close();
    expect(pulled.id).toBe(amd64.id);
    expect(pulled.repoDigests).toEqual([`${host}/a/b@${index.digest}`]);
  });

  test('has no such image', async () => {
    await expect(store.pull(`${host}/a/none:v1`)).rejects.toMatchObject({ kind: 'NotFound' });
    const missing = digestOf(Buffer.from('missing'));
    await expect(store.pull(`${host}/a/b@${missing}`)).rejects.toMatchObject({ kind: 'NotFound' });
  });
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
