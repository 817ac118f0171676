import { lgetxattrSync } from '@crihub/linux/sync';
import fc from 'fast-check';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../digest.ts';
import {
  device,
  directory,
  file,
  hardlink,
  type RawEntry,
  rawEntry,
  symlink,
  tar,
} from '../testing/tar-builder.ts';
import { type LayerJob, unpackLayer } from './unpack-layer.ts';

let root: string;
let target: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'crihub-layer-'));
  target = mkdtempSync(join(root, 'layer-'));
});
afterEach(() => rmSync(root, { recursive: true }));

interface Blob {
  readonly archive: Buffer;
  readonly blob?: Buffer;
  readonly job?: Partial<LayerJob>;
  readonly chunkSize?: number;
}

async function unpack({
  archive,
  blob = archive,
  job = {},
  chunkSize = 64 * 1024,
}: Blob): Promise<{ inodes: number }> {
  async function* source(): AsyncGenerator<Buffer> {
    for (let offset = 0; offset < blob.length; offset += chunkSize) {
      yield Buffer.from(blob.subarray(offset, offset + chunkSize));
      await Promise.resolve();
    }
  }
  return await unpackLayer(
    {
      origin: 'layer x',
      digest: digestOf(blob),
      size: blob.length,
      diffId: digestOf(archive),
      directory: target,
      limits: { maxLayerBytes: 10_000_000, maxLayerEntries: 1000 },
      allowDevices: true,
      ...job,
    },
    source(),
    new AbortController().signal,
  );
}

const at = (path: string): string => join(target, path);

describe('what a layer may hold', () => {
  test('files with content, owner, mode with set-uid, and time', async () => {
    await unpack({
      archive: tar(file('a/b', 'hello', { uid: 1000, gid: 1001, mode: 0o4755, mtime: 1_234_567 })),
    });
    expect(readFileSync(at('a/b'), 'utf8')).toBe('hello');
    const { uid, gid, mode, mtimeMs } = lstatSync(at('a/b'));
    expect({ uid, gid, mode: mode & 0o7777, mtimeMs }).toEqual({
      uid: 1000,
      gid: 1001,
      mode: 0o4755,
      mtimeMs: 1_234_567_000,
    });
    expect(lstatSync(at('a')).mode & 0o7777).toBe(0o755);
  });

  test('modes that the umask would cut', async () => {
    await unpack({ archive: tar(file('f', '', { mode: 0o666 }), directory('d', { mode: 0o1777 })) });
    expect(lstatSync(at('f')).mode & 0o7777).toBe(0o666);
    expect(lstatSync(at('d')).mode & 0o7777).toBe(0o1777);
  });

  test('a directory keeps its time though files come into it later', async () => {
    await unpack({ archive: tar(directory('d', { mtime: 1000 }), file('d/f')) });
    expect(lstatSync(at('d')).mtimeMs).toBe(1_000_000);
  });

  test('files below a set-gid directory have the owner of the archive', async () => {
    await unpack({ archive: tar(directory('d', { mode: 0o2755, gid: 5 }), file('d/f')) });
    expect(lstatSync(at('d/f')).gid).toBe(0);
  });

  test('the root itself', async () => {
    await unpack({ archive: tar(directory('./', { mode: 0o700, uid: 7 })) });
    expect(lstatSync(target)).toMatchObject({ uid: 7 });
    expect(lstatSync(target).mode & 0o777).toBe(0o700);
  });

  test('links, of which symbolic ones may point anywhere', async () => {
    await unpack({ archive: tar(file('f'), hardlink('g', '/f'), symlink('s', '../../etc/passwd')) });
    expect(lstatSync(at('g')).ino).toBe(lstatSync(at('f')).ino);
    expect(readlinkSync(at('s'))).toBe('../../etc/passwd');
  });

  test('device nodes and fifos', async () => {
    await unpack({ archive: tar(device('null', 1, 3), { name: 'pipe', type: '6', mode: 0o600 }) });
    expect(lstatSync(at('null')).isCharacterDevice()).toBe(true);
    expect(lstatSync(at('null')).rdev).toBe(0x103);
    expect(lstatSync(at('pipe')).isFIFO()).toBe(true);
  });

  test('a leading slash is dropped, as tar does', async () => {
    await unpack({ archive: tar(file('/etc/x'), file('./etc//y')) });
    expect(readdirSync(at('etc')).sort()).toEqual(['x', 'y']);
  });

  test('PAX long names, large sizes of other fields, and extended attributes', async () => {
    const name = `${'d'.repeat(200)}/${'f'.repeat(200)}`;
    const capability = Buffer.from([1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    const pax = { path: name, mtime: '12.5', uid: '3000000', 'SCHILY.xattr.security.capability': capability };
    await unpack({ archive: tar(file('short', 'x', { pax, uid: 1 })) });
    expect(lstatSync(at(name))).toMatchObject({ mtimeMs: 12_500, uid: 3_000_000 });
    expect(lgetxattrSync(at(name), 'security.capability')).toEqual(capability);
  });

  test('GNU long names and base-256 numbers', async () => {
    const [name, link] = ['n'.repeat(120), 'l'.repeat(150)];
    const archive = tar(
      { name: '././@LongLink', type: 'L', content: `${name}\0` },
      { name: '././@LongLink', type: 'K', content: `${link}\0` },
      { ...symlink('x', 'y'), uid: 2 ** 31 },
    );
    await unpack({ archive });
    expect(readlinkSync(at(name))).toBe(link);
    expect(lstatSync(at(name)).uid).toBe(2 ** 31);
  });

  test('names that are not UTF-8', async () => {
    await unpack({ archive: tar(file('caf\xe9', 'x')) });
    expect(readdirSync(target, { encoding: 'latin1' })).toEqual(['caf\xe9']);
  });

  test('the last of several entries of a name wins', async () => {
    const archive = tar(
      file('a', '1'),
      file('a', '2'),
      directory('b'),
      file('b/c'),
      symlink('b', 'x'),
      file('l'),
      directory('l'),
    );
    await unpack({ archive });
    expect(readFileSync(at('a'), 'utf8')).toBe('2');
    expect(readlinkSync(at('b'))).toBe('x');
    expect(lstatSync(at('l')).isDirectory()).toBe(true);
  });

  test('a tar that is empty or has no end', async () => {
    await expect(unpack({ archive: Buffer.alloc(0) })).resolves.toMatchObject({ inodes: 1 });
    await expect(unpack({ archive: rawEntry(file('a')) })).resolves.toMatchObject({ inodes: 2 });
  });
});

describe('whiteouts', () => {
  const isWhiteout = (path: string): boolean =>
    lstatSync(at(path)).isCharacterDevice() && lstatSync(at(path)).rdev === 0;
  const isOpaque = (path: string): boolean =>
    lgetxattrSync(at(path), 'trusted.overlay.opaque')?.toString() === 'y';

  test('a removed file is a device 0:0', async () => {
    await unpack({ archive: tar(file('d/.wh.gone', '')) });
    expect(isWhiteout('d/gone')).toBe(true);
  });

  test('an opaque directory has the attribute', async () => {
    await unpack({ archive: tar(directory('d'), file('d/.wh..wh..opq', ''), file('d/f')) });
    expect(isOpaque('d')).toBe(true);
    expect(readdirSync(at('d'))).toEqual(['f']);
  });

  test.each([
    ['after', [file('d/new'), file('.wh.d', '')]],
    ['before', [file('.wh.d', ''), file('d/new')]],
  ])(
    'a directory that is made anew hides the old one (whiteout %s it)',
    async (_when, entries: RawEntry[]) => {
      await unpack({ archive: tar(...entries) });
      expect(isOpaque('d')).toBe(true);
      expect(readdirSync(at('d'))).toEqual(['new']);
    },
  );

  test('a file of the same layer stays', async () => {
    await unpack({ archive: tar(file('f', 'x'), file('.wh.f', '')) });
    expect(readFileSync(at('f'), 'utf8')).toBe('x');
  });

  test('what aufs left is ignored', async () => {
    await unpack({
      archive: tar(directory('.wh..wh.plnk'), file('.wh..wh.plnk/1.2', ''), file('.wh..wh.aufs', '')),
    });
    expect(readdirSync(target)).toEqual([]);
  });
});

describe('what is refused', () => {
  const entries = (...list: RawEntry[]): Buffer => tar(...list);
  test.each<[string, Buffer, string]>([
    ['a path with ..', entries(file('../x')), 'leaves the layer by ".."'],
    ['a path with .. in the middle', entries(file('a/../../x')), 'leaves the layer'],
    ['a whiteout of ..', entries(file('a/.wh...', '')), 'names no file'],
    ['a whiteout of nothing', entries(file('.wh.', '')), 'names no file'],
    ['a path through a whiteout', entries(file('.wh.a/b', '')), 'goes through a whiteout'],
    ['a file behind a symbolic link', entries(symlink('l', '/tmp'), file('l/x')), 'is a symbolic link there'],
    [
      'a directory behind a symbolic link',
      entries(symlink('l', '..'), directory('l/x')),
      'is a symbolic link',
    ],
    ['a whiteout behind a symbolic link', entries(symlink('l', '..'), file('l/.wh.x')), 'is a symbolic link'],
    [
      'an opaque mark behind a symbolic link',
      entries(symlink('l', '..'), file('l/.wh..wh..opq')),
      'is a symbolic link',
    ],
    ['a file below a file', entries(file('f'), file('f/x')), 'is not a directory there'],
    ['a hard link to the outside', entries(hardlink('h', '../../etc/passwd')), 'leaves the layer'],
    ['a hard link to what is not there', entries(hardlink('h', '/etc/passwd')), 'is no file of this layer'],
    [
      'a hard link through a symbolic link',
      entries(symlink('l', '/etc'), hardlink('h', 'l/passwd')),
      'is no file of this layer',
    ],
    ['a hard link to a directory', entries(directory('d'), hardlink('h', 'd')), 'is no file of this layer'],
    ['a hard link to itself', entries(file('f'), hardlink('f', './f')), 'points to itself'],
    ['a root that is a file', entries(file('.')), 'replaces its own root'],
    ['a symbolic link to nothing', entries(symlink('l', '')), 'no valid target'],
    ['a name with NUL', entries(file('a', '', { pax: { path: 'a\0b' } })), 'NUL byte'],
    ['a name that is too long', entries(file('a', '', { pax: { path: 'a'.repeat(300) } })), 'too long'],
    [
      'an attribute that steers overlayfs',
      entries(file('a', '', { pax: { 'SCHILY.xattr.trusted.overlay.redirect': '/' } })),
      'would steer overlayfs',
    ],
    ['a GNU sparse file', entries({ name: 'a', type: 'S' }), 'sparse file'],
    ['a PAX sparse file', entries(file('a', '', { pax: { 'GNU.sparse.major': '1' } })), 'sparse file'],
    ['an unknown type', entries({ name: 'a', type: 'V' }), 'unknown type'],
    [
      'a PAX header that is malformed',
      entries({ name: 'p', type: 'x', content: '99 a=b\n' }),
      'PAX header is malformed',
    ],
    [
      'a PAX size that is negative',
      entries(file('a', '', { pax: { size: '-5' } })),
      'PAX header is malformed',
    ],
    ['an entry that is cut off', entries(file('a', 'x'.repeat(2000))).subarray(0, 1024), 'truncated'],
    ['a header that is cut off', entries(file('a')).subarray(0, 100), 'truncated'],
    ['data after the end', Buffer.concat([entries(file('a')), Buffer.from('more')]), 'data after its end'],
    ['a header with a wrong checksum', Buffer.from(entries(file('a'))).fill('b', 0, 1), 'wrong checksum'],
    ['more bytes than allowed', entries(file('a', Buffer.alloc(11_000_000))), 'larger than 10000000 bytes'],
    [
      'more entries than allowed',
      entries(...Array.from({ length: 1001 }, (_, i) => file(`f${String(i)}`, ''))),
      'more than 1000 entries',
    ],
  ])('%s', async (_sentence, archive, why) => {
    await expect(unpack({ archive })).rejects.toThrow(why);
    expect(readdirSync(root)).toHaveLength(1);
  });

  test('device nodes, where they are not allowed', async () => {
    const archive = tar(device('sda', 8, 0));
    await expect(unpack({ archive, job: { allowDevices: false } })).rejects.toThrow('allowDevices is off');
  });

  test('a bomb, before it is unpacked', async () => {
    const archive = tar(file('zeros', Buffer.alloc(20_000_000)));
    const blob = gzipSync(archive);
    await expect(unpack({ archive, blob })).rejects.toMatchObject({ kind: 'ResourceExhausted' });
  });
});

describe('verification', () => {
  const archive = tar(file('a', 'x'.repeat(5000)));
  const blob = gzipSync(archive);

  test('wrong bytes are told as a wrong digest, not as bad gzip', async () => {
    const damaged = Buffer.from(blob);
    damaged[40] = (damaged[40] ?? 0) ^ 1;
    await expect(unpack({ archive, blob: damaged, job: { digest: digestOf(blob) } })).rejects.toThrow(
      `layer x: its content has the digest ${digestOf(damaged)}`,
    );
  });

  test.each([
    ['a wrong size', blob, { size: blob.length + 1 }, 'bytes instead of'],
    ['a wrong diff id', blob, { diffId: digestOf(blob.subarray(1)) }, 'the image config says'],
    ['gzip that is cut off', blob.subarray(0, -9), {}, 'unexpected end of file'],
    ['gzip with rubbish behind', Buffer.concat([blob, Buffer.from('rubbish')]), {}, "can't be decompressed"],
    ['a compressed blob that claims to be the archive', blob, { diffId: digestOf(blob) }, 'truncated'],
    ['xz', Buffer.from('\xfd7zXZ\0\0\0\0\0', 'latin1'), {}, 'compressed by xz'],
  ])('%s is refused', async (_sentence, bytes, job, why) => {
    await expect(unpack({ archive, blob: bytes, job })).rejects.toThrow(why);
  });
});

describe('compression', () => {
  const archive = tar(...Array.from({ length: 50 }, (_, i) => file(`f${String(i)}`, String(i).repeat(9999))));
  const third = Math.floor(archive.length / 3);
  const parts = [archive.subarray(0, third), archive.subarray(third, 2 * third), archive.subarray(2 * third)];
  const skippable = Buffer.concat([Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0]), Buffer.from('skip')]);

  test.each([
    ['none', archive],
    ['gzip', gzipSync(archive)],
    ['gzip of several members', Buffer.concat(parts.map((part) => gzipSync(part)))],
    ['zstd', zstdCompressSync(archive)],
    ['zstd of several frames', Buffer.concat(parts.map((part) => zstdCompressSync(part)))],
    [
      'zstd with skippable frames',
      Buffer.concat([skippable, ...parts.flatMap((part) => [zstdCompressSync(part), skippable])]),
    ],
  ])('%s, in chunks of any size', async (_name, blob) => {
    for (const chunkSize of [7, 1000, 1_000_000]) {
      rmSync(target, { recursive: true });
      target = mkdtempSync(join(root, 'layer-'));
      await unpack({ archive, blob, chunkSize });
      expect(readFileSync(at('f49'), 'utf8')).toBe('49'.repeat(9999));
    }
  });
});

test('whatever bytes come, the outcome is a layer or a refusal, and nothing outside changes', async () => {
  const names = fc.constantFrom(
    'a',
    'a/b',
    '../x',
    '/a',
    'l/../../x',
    '.wh.a',
    '.wh..wh..opq',
    'a/.wh...',
    'l',
    'l/x',
    '.',
  );
  const entry = fc.record({
    name: names,
    type: fc.constantFrom('0', '1', '2', '5', '6', 'x', 'L', 'S', '9'),
    linkName: fc.constantFrom('a', '..', '../../x', '/', 'l/x', ''),
    content: fc.constantFrom('', 'x', 'yy'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 8 }), fc.nat(3000), async (list, cut) => {
      const archive = tar(...list);
      const bytes = Buffer.from(cut < archive.length ? archive.subarray(0, archive.length - cut) : archive);
      rmSync(target, { recursive: true });
      target = mkdtempSync(join(root, 'layer-'));
      await unpack({ archive: bytes }).catch((error: unknown) => {
        expect(error).toMatchObject({
          kind: expect.stringMatching(/FailedPrecondition|Unimplemented/) as string,
        });
      });
      expect(readdirSync(root)).toHaveLength(1);
    }),
    { numRuns: 200 },
  );
});
