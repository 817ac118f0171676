import { isRuntimeError, silentLogger, systemClock } from '@crihub/kernel';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Digest, hexOf } from './digest.ts';
import { ImageStore } from './image-store.ts';
import type { ImageStoreOptions } from './image-store-options.ts';
import type { PullProgress } from './pull-progress.ts';
import { FakeRegistry } from './testing/fake-registry.ts';
import { buildImage, buildIndex, type BuiltImage } from './testing/image-builder.ts';
import { file, symlink, tar } from './testing/tar-builder.ts';

let directory: string;
let registry: FakeRegistry;
let stores: ImageStore[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'crihub-images-'));
  registry = await FakeRegistry.start();
  stores = [];
});
afterEach(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await registry.close();
  rmSync(directory, { recursive: true });
});

async function openStore(options: Partial<ImageStoreOptions> = {}): Promise<ImageStore> {
  const store = new ImageStore(
    {
      root: join(directory, 'store'),
      synchronise: false,
      ...options,
      registry: {
        stallTimeoutMs: 500,
        retry: { attempts: 4, firstWaitMs: 5, maxWaitMs: 2_000 },
        hostsDirectories: [join(directory, 'certs.d')],
        ...options.registry,
      },
    },
    { logger: silentLogger, clock: systemClock },
  );
  await store.open();
  stores.push(store);
  return store;
}

const base = tar(file('base', 'base'));
const noise = randomBytes(300_000);
const image = buildImage({
  layers: [base, tar(file('top', noise))],
  config: { Env: ['A=b'], Cmd: ['sh'], User: '1000', Volumes: { '/data': {} } },
});
const other = buildImage({ layers: [base, tar(file('other', 'other'))] });
const name = (tag = 'v1'): string => `${registry.host}/team/app:${tag}`;
const free = { isInUse: () => false };

/** All that the store has on disk, but for its own empty directories. */
function contents(): string[] {
  const root = join(directory, 'store');
  return ['images', 'blobs/sha256', 'layers', 'tmp'].flatMap((part) => readdirSync(join(root, part)));
}

describe('pull', () => {
  test('an image by tag: verified, unpacked, and found by all its names', async () => {
    registry.put('v1', image);
    const store = await openStore();
    const progress: PullProgress[] = [];
    const pulled = await store.pull(name(), { onProgress: (step) => progress.push(step) });
    expect(pulled).toMatchObject({
      id: image.id,
      repoTags: [name()],
      repoDigests: [`${registry.host}/team/app@${image.manifestDigest}`],
      config: { user: '1000', env: ['A=b'], cmd: ['sh'], volumes: ['/data'] },
      pinned: false,
    });
    expect(readFileSync(join(pulled.layerDirectories[0] ?? '', 'base'), 'utf8')).toBe('base');
    expect(readFileSync(join(pulled.layerDirectories[1] ?? '', 'top'))).toEqual(noise);
    for (const text of [
      name(),
      image.id,
      hexOf(image.id),
      hexOf(image.id).slice(0, 12),
      pulled.repoDigests[0] ?? '',
    ]) {
      expect(store.get(text)?.id, text).toBe(image.id);
    }
    expect(progress.at(-1)).toMatchObject({
      phase: 'done',
      layers: 2,
      layersDone: 2,
      bytes: progress.at(-1)?.bytesDone,
    });
  });

  test('the image for this platform from an index', async () => {
    const foreign = buildImage({ layers: [], platform: { os: 'linux', architecture: 's390x' } });
    const platform = { os: 'linux', architecture: 'amd64' };
    const own = buildImage({ layers: [base], platform });
    const index = buildIndex([
      { image: foreign, platform: { os: 'linux', architecture: 's390x' } },
      { image: own, platform },
    ]);
    registry.put('x', foreign);
    registry.put('y', own);
    registry.putIndex('multi', index);
    const store = await openStore({ platform });
    const pulled = await store.pull(name('multi'));
    expect(pulled.id).toBe(own.id);
    expect(pulled.repoDigests).toEqual([`${registry.host}/team/app@${index.digest}`]);
    const elsewhere = await openStore({
      root: join(directory, 'b'),
      platform: { os: 'linux', architecture: 'riscv64' },
    });
    await expect(elsewhere.pull(name('multi'))).rejects.toThrow(
      'has no image for linux/riscv64; it has linux/s390x, linux/amd64',
    );
    await expect(store.pull(name('x'))).rejects.toThrow('is for linux/s390x, and this node is linux/amd64');
  });

  test.each([
    ['zstd', zstdCompressSync],
    ['not compressed', (archive: Buffer) => archive],
  ])('layers that are %s', async (_name, compress) => {
    const built = buildImage({ layers: [base], compress });
    registry.put('v1', built);
    const store = await openStore();
    const { layerDirectories } = await store.pull(name());
    expect(readdirSync(layerDirectories[0] ?? '')).toEqual(['base']);
  });

  test('an image without layers, and one with a layer twice', async () => {
    registry.put('none', buildImage({ layers: [] }));
    registry.put('twice', buildImage({ layers: [base, base] }));
    const store = await openStore();
    expect((await store.pull(name('none'))).layerDirectories).toEqual([]);
    expect((await store.pull(name('twice'))).layerDirectories).toHaveLength(2);
  });

  test('again: what is there is not fetched again, and shared layers never', async () => {
    registry.put('v1', image);
    registry.put('v2', other);
    const store = await openStore();
    await store.pull(name('v1'));
    registry.requests.length = 0;
    await store.pull(name('v1'));
    expect(registry.log).toEqual(['HEAD /v2/team/app/manifests/v1']);
    await store.pull(name('v2'));
    const shared = image.layers[0]?.digest ?? '';
    expect(registry.log.filter((line) => line.includes(shared))).toEqual([]);
    expect(readdirSync(join(directory, 'store', 'layers'))).toHaveLength(3);
  });

  test('a tag that has moved is taken from the image that had it', async () => {
    registry.put('v1', image);
    const store = await openStore();
    await store.pull(name());
    registry.put('v1', other);
    await store.pull(name());
    expect(store.get(name())?.id).toBe(other.id);
    expect(store.get(image.id)?.repoTags).toEqual([]);
    expect(store.get(image.id)?.repoDigests).toHaveLength(1);
    const reopened = await openStore();
    expect(reopened.get(name())?.id).toBe(other.id);
  });

  test('callers share one pull; it ends when the last has left', async () => {
    registry.put('v1', image);
    const gate = Promise.withResolvers<void>();
    const layer = image.layers[1]?.digest ?? '';
    registry.misbehave = (request, response) => {
      if (request.url?.endsWith(layer) !== true) return false;
      void gate.promise.then(() => response.end(registry.blob(layer)));
      return true;
    };
    const store = await openStore({ registry: { stallTimeoutMs: 5_000 } });
    const leaving = new AbortController();
    const pulls = [store.pull(name()), store.pull(name()), store.pull(name(), { signal: leaving.signal })];
    const left = expect(pulls[2]).rejects.toThrow('enough');
    await delay(50);
    leaving.abort(new Error('enough'));
    await left;
    gate.resolve();
    const [a, b] = await Promise.all(pulls.slice(0, 2));
    expect(a?.id).toBe(b?.id);
    expect(registry.log.filter((line) => line.includes(layer))).toHaveLength(1);
  });

  test('a caller who leaves alone stops the pull, and nothing half made stays', async () => {
    registry.put('v1', image);
    registry.misbehave = (request, response) => {
      if (request.url?.includes('/blobs/') !== true || request.url.endsWith(image.id)) return false;
      response.writeHead(200).write('x');
      return true;
    };
    const store = await openStore({ registry: { stallTimeoutMs: 60_000 } });
    await expect(store.pull(name(), { signal: AbortSignal.timeout(100) })).rejects.toThrow();
    await expect.poll(() => readdirSync(join(directory, 'store', 'tmp'))).toEqual([]);
    registry.misbehave = () => false;
    await expect(store.pull(name())).resolves.toMatchObject({ id: image.id });
  });
});

describe('a registry that misbehaves', () => {
  const isLayer = (url = ''): boolean => url.endsWith(image.layers[1]?.digest ?? '');

  test('a connection that breaks is taken up where it ended', async () => {
    registry.put('v1', image);
    let breaks = 0;
    registry.misbehave = (request, response) => {
      const layer = registry.blob(image.layers[1]?.digest ?? '');
      const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
      if (!isLayer(request.url) || breaks >= 3) return false;
      breaks += 1;
      response.writeHead(start === 0 ? 200 : 206, {
        'content-length': layer.length - start,
        ...(start > 0 && {
          'content-range': `bytes ${String(start)}-${String(layer.length - 1)}/${String(layer.length)}`,
        }),
      });
      response.write(layer.subarray(start, start + 70_000), () => setTimeout(() => response.destroy(), 20));
      return true;
    };
    const store = await openStore();
    const { layerDirectories } = await store.pull(name());
    expect(readFileSync(join(layerDirectories[1] ?? '', 'top'))).toEqual(noise);
    expect(breaks).toBe(3);
    const ranges = registry.requests.filter(({ url }) => isLayer(url)).map(({ headers }) => headers.range);
    expect(ranges[0]).toBeUndefined();
    expect(ranges.slice(1).every((range) => /^bytes=[1-9]\d+-$/.test(range ?? ''))).toBe(true);
  });

  test('a server that ignores ranges is read from the start', async () => {
    registry.put('v1', image);
    const layer = image.layers[1]?.digest ?? '';
    let requests = 0;
    registry.misbehave = (request, response) => {
      if (!isLayer(request.url)) return false;
      requests += 1;
      const content = registry.blob(layer);
      response.writeHead(200, { 'content-length': content.length });
      if (requests > 1) response.end(content);
      else response.write(content.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 20));
      return true;
    };
    const store = await openStore();
    await expect(store.pull(name())).resolves.toMatchObject({ id: image.id });
    expect(requests).toBe(2);
  });

  test('429 and 503 are asked again, after the time that the server wants', async () => {
    registry.put('v1', image);
    let refusals = 0;
    registry.misbehave = (_request, response) => {
      refusals += 1;
      if (refusals > 2) return false;
      response.writeHead(refusals === 1 ? 429 : 503, { 'retry-after': '1' }).end();
      return true;
    };
    const store = await openStore();
    const started = performance.now();
    await store.pull(name());
    expect(performance.now() - started).toBeGreaterThan(1_900);
  });

  type Trouble = [
    string,
    (built: BuiltImage) => void,
    { readonly kind: string; readonly why: string; readonly reason?: string },
  ];
  test.each<Trouble>([
    [
      'sends rubbish as manifest',
      () =>
        registry.putIndex('v1', {
          content: Buffer.from('rubbish'),
          digest: image.id,
          mediaType: 'text/plain',
        }),
      { kind: 'FailedPrecondition', why: 'is not JSON' },
    ],
    [
      'sends a layer with other content',
      ({ layers }) => {
        const content = Buffer.from(registry.blob(layers[1]?.digest ?? ''));
        content[1000] = (content[1000] ?? 0) ^ 1;
        registry.replaceBlob(layers[1]?.digest ?? '', content);
      },
      { kind: 'FailedPrecondition', why: 'its content has the digest' },
    ],
    [
      'sends a layer that is too short',
      ({ layers }) => registry.replaceBlob(layers[1]?.digest ?? '', Buffer.from('short')),
      { kind: 'Unavailable', why: 'sent 5 of', reason: 'RegistryUnavailable' },
    ],
    [
      'sends a layer that is too long',
      ({ layers }) => {
        const digest = layers[1]?.digest ?? '';
        registry.replaceBlob(digest, Buffer.concat([registry.blob(digest), Buffer.from('more')]));
      },
      { kind: 'FailedPrecondition', why: 'sent more than' },
    ],
    [
      'sends a config with other content',
      ({ id }) => registry.replaceBlob(id, Buffer.from(registry.blob(id)).fill(' ', 0, 1)),
      { kind: 'FailedPrecondition', why: 'instead of sha256:' },
    ],
    [
      'sends a manifest with other content',
      ({ manifestDigest }) => registry.replaceManifest(manifestDigest, Buffer.from('{}'), 'application/json'),
      { kind: 'FailedPrecondition', why: 'instead of sha256:' },
    ],
    [
      'falls silent in a layer',
      () => {
        registry.misbehave = (request, response) => {
          if (!isLayer(request.url)) return false;
          response.writeHead(200).write('x');
          return true;
        };
      },
      { kind: 'Unavailable', why: 'sent nothing for 0.5 s', reason: 'RegistryUnavailable' },
    ],
    [
      'is always too busy',
      () => {
        registry.misbehave = (_request, response) => Boolean(response.writeHead(503).end());
      },
      { kind: 'Unavailable', why: 'HTTP 503', reason: 'RegistryUnavailable' },
    ],
    [
      'wants a longer pause than is worth waiting for',
      () => {
        registry.misbehave = (_request, response) =>
          Boolean(response.writeHead(429, { 'retry-after': '9999' }).end());
      },
      { kind: 'Unavailable', why: 'HTTP 429', reason: 'RegistryUnavailable' },
    ],
    [
      'refuses',
      () => {
        registry.misbehave = (_request, response) => Boolean(response.writeHead(403).end());
      },
      { kind: 'PermissionDenied', why: 'needs other credentials' },
    ],
    [
      'redirects for ever',
      () => {
        registry.misbehave = (request, response) =>
          Boolean(response.writeHead(307, { location: request.url }).end());
      },
      { kind: 'FailedPrecondition', why: 'redirects more than 5 times' },
    ],
  ])('that %s', async (_sentence, trouble, { kind, why, reason }) => {
    registry.put('v1', image);
    trouble(image);
    const store = await openStore();
    const error = await store.pull(name()).catch((cause: unknown) => cause);
    expect(isRuntimeError(error) && { kind: error.kind, reason: error.reason }, String(error)).toEqual({
      kind,
      reason,
    });
    expect(String(error)).toContain(why);
    expect(String(error)).toContain(name());
    expect(store.list()).toEqual([]);
    if (kind === 'FailedPrecondition') expect(contents()).toEqual([]);
    expect(readdirSync(join(directory, 'store', 'tmp'))).toEqual([]);
  });

  test('that is not there', async () => {
    const store = await openStore();
    await expect(store.pull('127.0.0.1:1/a/b')).rejects.toMatchObject({
      kind: 'Unavailable',
      reason: 'RegistryUnavailable',
    });
  });

  test('that has no such tag', async () => {
    registry.put('v1', image);
    const store = await openStore();
    await expect(store.pull(name('v9'))).rejects.toMatchObject({ kind: 'NotFound' });
  });

  test.each([
    ['a tar that climbs', tar(file('../evil'))],
    ['a tar that goes through a link', tar(symlink('l', '/tmp'), file('l/evil'))],
  ])('with %s: refused, and nothing of it stays', async (_sentence, archive) => {
    registry.put('v1', buildImage({ layers: [base, archive] }));
    const store = await openStore();
    await expect(store.pull(name())).rejects.toMatchObject({ kind: 'FailedPrecondition' });
    expect(contents()).toEqual([]);
  });
});

describe('credentials', () => {
  const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`;

  /** Wants a token, which the token server gives to those who know the password. */
  function requireToken(): void {
    registry.misbehave = (request, response) => {
      const { authorization } = request.headers;
      if (request.url?.startsWith('/token') === true) {
        const isKnown = authorization === basic || request.method === 'POST';
        if (isKnown) response.end('{"access_token":"t0ken"}');
        else response.writeHead(401).end();
        return true;
      }
      if (authorization === 'Bearer t0ken') return false;
      const challenge = `Bearer realm="http://${registry.host}/token",service="s",scope="repository:team/app:pull"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return true;
    };
  }

  test.each([
    ['name and password', { username: 'me', password: 'secret' }],
    ['the auth field', { auth: Buffer.from('me:secret\0').toString('base64') }],
    ['an identity token', { identityToken: 'refresh' }],
    ['a registry token', { registryToken: 't0ken' }],
  ])('bearer: %s', async (_sentence, auth) => {
    registry.put('v1', image);
    requireToken();
    const store = await openStore();
    await expect(store.pull(name(), { auth })).resolves.toMatchObject({ id: image.id });
    const tokenRequests = registry.log.filter((line) => line.includes('/token'));
    if ('username' in auth) {
      expect(tokenRequests).toEqual(['GET /token?service=s&scope=repository%3Ateam%2Fapp%3Apull&account=me']);
    }
  });

  test.each([
    ['none', undefined],
    ['wrong ones', { username: 'me', password: 'wrong' }],
    ['those of another server', { username: 'me', password: 'secret', serverAddress: 'quay.io' }],
  ])('bearer: %s', async (_sentence, auth) => {
    registry.put('v1', image);
    requireToken();
    const store = await openStore();
    await expect(store.pull(name(), { auth })).rejects.toMatchObject({ kind: 'PermissionDenied' });
  });

  test('basic, also from a Docker config.json', async () => {
    registry.put('v1', image);
    registry.misbehave = (request, response) => {
      if (request.headers.authorization === basic) return false;
      response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
      return true;
    };
    const credentialsFile = join(directory, 'config.json');
    writeFileSync(
      credentialsFile,
      JSON.stringify({ auths: { [`https://${registry.host}/v1/`]: { auth: basic.slice(6) } } }),
    );
    const store = await openStore({ registry: { credentialsFile } });
    await expect(store.pull(name())).resolves.toMatchObject({ id: image.id });
    const without = await openStore({ root: join(directory, 'b') });
    await expect(without.pull(name())).rejects.toMatchObject({ kind: 'PermissionDenied' });
  });

  test('are not sent along with a redirect to another host', async () => {
    registry.put('v1', image);
    const storage = await FakeRegistry.start();
    storage.put('v1', image);
    requireToken();
    const authorize = registry.misbehave;
    registry.misbehave = (request, response, self) => {
      if (authorize(request, response, self)) return true;
      if (request.url?.includes('/blobs/') !== true) return false;
      response.writeHead(307, { location: `http://${storage.host}${request.url}` }).end();
      return true;
    };
    const store = await openStore();
    await store.pull(name(), { auth: { username: 'me', password: 'secret' } });
    expect(storage.requests).toHaveLength(3);
    expect(storage.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
    await storage.close();
  });
});

describe('mirrors', () => {
  test('are asked first, and what they lack comes from the registry', async () => {
    const mirror = await FakeRegistry.start();
    mirror.put('v1', image);
    registry.put('v1', image);
    mirror.misbehave = (request, response) => {
      if (!(request.url ?? '').includes(image.layers[1]?.digest ?? '')) return false;
      response.writeHead(404).end();
      return true;
    };
    const hosts = join(directory, 'certs.d', registry.host);
    mkdirSync(hosts, { recursive: true });
    writeFileSync(
      join(hosts, 'hosts.toml'),
      `server = "http://${registry.host}"\n[host."http://${mirror.host}/cache"]\ncapabilities = ["pull", "resolve"]\n[host."http://${mirror.host}/cache".header]\nx-key = "k"`,
    );
    const store = await openStore();
    await store.pull(name());
    expect(registry.log).toEqual([`GET /v2/team/app/blobs/${image.layers[1]?.digest ?? ''}`]);
    expect(mirror.log[0]).toBe(
      `HEAD /cache/v2/team/app/manifests/v1?ns=${encodeURIComponent(registry.host)}`,
    );
    expect(mirror.requests[0]?.headers['x-key']).toBe('k');
    await mirror.close();
  });
});

describe('remove', () => {
  test('takes all tags and the layers that no other image has', async () => {
    registry.put('v1', image);
    registry.put('v1b', image);
    registry.put('v2', other);
    const store = await openStore();
    for (const tag of ['v1', 'v1b', 'v2']) await store.pull(name(tag));
    expect(store.get(image.id)?.repoTags).toEqual([name('v1'), name('v1b')]);
    await store.remove(name('v1'), free);
    expect(store.get(name('v1b'))).toBeUndefined();
    expect(await store.resolve(name('v2'))).toMatchObject({ id: other.id });
    expect(readdirSync(join(directory, 'store', 'layers'))).toHaveLength(2);
    await store.remove(other.id, free);
    expect(contents()).toEqual([]);
    expect(store.filesystemUsage()).toMatchObject({ usedBytes: 0, inodesUsed: 0 });
  });

  test('of what is not there succeeds; of nonsense it is refused', async () => {
    const store = await openStore();
    await store.remove('quay.io/a/b', free);
    await store.remove(image.id, free);
    await expect(store.remove('A B', free)).rejects.toMatchObject({ kind: 'InvalidArgument' });
  });

  test('of an image in use, or held, is refused', async () => {
    registry.put('v1', image);
    const store = await openStore();
    await store.pull(name());
    const inUse = { isInUse: (id: Digest) => id === image.id };
    await expect(store.remove(name(), inUse)).rejects.toMatchObject({ kind: 'FailedPrecondition' });
    {
      using _held = store.hold(image.id);
      await expect(store.remove(name(), free)).rejects.toMatchObject({ kind: 'FailedPrecondition' });
    }
    await store.remove(name(), free);
    expect(store.list()).toEqual([]);
  });

  test('during a pull that shares a layer leaves the layer alone', async () => {
    registry.put('v1', image);
    registry.put('v2', other);
    const store = await openStore();
    await store.pull(name('v1'));
    const gate = Promise.withResolvers<void>();
    const layer = other.layers[1]?.digest ?? '';
    registry.misbehave = (request, response) => {
      if (request.url?.endsWith(layer) !== true) return false;
      void gate.promise.then(() => response.end(registry.blob(layer)));
      return true;
    };
    const pull = store.pull(name('v2'));
    await expect.poll(() => registry.log.some((line) => line.includes(layer))).toBe(true);
    await store.remove(name('v1'), free);
    gate.resolve();
    const { layerDirectories } = await pull;
    expect(layerDirectories.every((path) => existsSync(path))).toBe(true);
  });
});

describe('open', () => {
  test('finds all again, and removes what was left unfinished', async () => {
    registry.put('v1', image);
    const store = await openStore({ pinned: [name()] });
    const pulled = await store.pull(name());
    await store.close();
    const root = join(directory, 'store');
    mkdirSync(join(root, 'tmp', 'layer-9', 'diff'), { recursive: true });
    mkdirSync(join(root, 'layers', 'f'.repeat(64), 'diff'), { recursive: true });
    writeFileSync(join(root, 'blobs', 'sha256', 'e'.repeat(64)), 'no image has this');
    writeFileSync(join(root, 'images', 'x.json.tmp'), '');
    const reopened = await openStore({ pinned: [name()] });
    expect(reopened.list()).toEqual([{ ...pulled, pinned: true }]);
    expect(contents()).toHaveLength(1 + 4 + 2);
    expect(reopened.filesystemUsage().usedBytes).toBeGreaterThan(noise.length);
  });

  test('sets a damaged record aside', async () => {
    registry.put('v1', image);
    const store = await openStore();
    await store.pull(name());
    await store.close();
    const record = join(directory, 'store', 'images', `${hexOf(image.id)}.json`);
    writeFileSync(record, '{');
    const reopened = await openStore();
    expect(reopened.list()).toEqual([]);
    expect(existsSync(`${record}.damaged`)).toBe(true);
    await expect(reopened.pull(name())).resolves.toMatchObject({ id: image.id });
  });

  test.each([
    ['whose marker is gone', 'layer.json'],
    ['whose files are gone', 'diff'],
    ['that is gone', ''],
  ])('an image with a layer %s is pulled again', async (_sentence, part) => {
    registry.put('v1', image);
    const store = await openStore();
    const { layerDirectories } = await store.pull(name());
    const layer = join(layerDirectories[0] ?? '', '..');
    rmSync(join(layer, part), { recursive: true });
    await expect(store.resolve(name())).rejects.toThrow('is damaged: pull it again');
    expect(store.list()).toEqual([]);
    await store.close();
    const reopened = await openStore();
    expect(reopened.list()).toEqual([]);
    await reopened.pull(name());
    expect((await reopened.resolve(name())).id).toBe(image.id);
    // The blob was still there, so nothing was fetched but manifest and config.
    expect(registry.log.filter((line) => line.includes('/blobs/') && !line.includes(image.id))).toHaveLength(
      2,
    );
  });

  test('without kept blobs, only the layers take space', async () => {
    registry.put('v1', image);
    const store = await openStore({ keepBlobs: false });
    await store.pull(name());
    expect(readdirSync(join(directory, 'store', 'blobs', 'sha256')).sort()).toEqual(
      [hexOf(image.id), hexOf(image.manifestDigest)].sort(),
    );
  });
});
