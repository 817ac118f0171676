import { chmodSync, constants, lstatSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SystemCallError } from './index.ts';
import { lgetxattrSync, llistxattrSync, lsetxattrSync, lutimesSync, mknodSync } from './index.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'crihub-sync-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('mknodSync', () => {
  it.each([
    { major: 0, minor: 0, sentence: 'an overlay whiteout' },
    { major: 1, minor: 3, sentence: 'the null device' },
    { major: 259, minor: 1_048_575, sentence: 'a large minor number' },
    { major: 4095, minor: 256, sentence: 'a large major number' },
  ])('makes $sentence', ({ major, minor }) => {
    const path = join(directory, `device-${String(major)}-${String(minor)}`);
    mknodSync(path, constants.S_IFCHR | 0o600, major, minor);
    const { rdev, mode } = lstatSync(path);
    expect(mode & constants.S_IFMT).toBe(constants.S_IFCHR);
    expect({ major: rdevMajor(rdev), minor: rdevMinor(rdev) }).toEqual({ major, minor });
  });

  it('makes a fifo', () => {
    mknodSync(join(directory, 'fifo'), constants.S_IFIFO | 0o644);
    expect(lstatSync(join(directory, 'fifo')).isFIFO()).toBe(true);
  });

  it('says what failed where, as Node does', () => {
    const path = join(directory, 'none', 'x');
    expect(() => mknodSync(path, constants.S_IFIFO)).toThrow(
      expect.objectContaining({ code: 'ENOENT', syscall: 'mknod', path }) as SystemCallError,
    );
  });

  it('refuses a path with a NUL byte instead of cutting it', () => {
    expect(() => mknodSync(join(directory, 'a\0b'), constants.S_IFIFO)).toThrow('NUL');
  });
});

describe('extended attributes', () => {
  it('go on a symbolic link itself, whole and binary', () => {
    const link = join(directory, 'link');
    symlinkSync('nowhere', link);
    const value = Buffer.from([0, 255, 1, 0]);
    lsetxattrSync(link, 'trusted.crihub', value);
    expect(lgetxattrSync(link, 'trusted.crihub')).toEqual(value);
    expect(llistxattrSync(link)).toContain('trusted.crihub');
  });

  it('may be empty, large, or missing', () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    lsetxattrSync(file, 'trusted.empty', new Uint8Array());
    lsetxattrSync(file, 'trusted.large', Buffer.alloc(2_000, 7));
    expect(lgetxattrSync(file, 'trusted.empty')?.length).toBe(0);
    expect(lgetxattrSync(file, 'trusted.large')).toEqual(Buffer.alloc(2_000, 7));
    expect(lgetxattrSync(file, 'trusted.none')).toBeUndefined();
  });
});

describe('lutimesSync', () => {
  it.each([
    { sentence: 'nanoseconds', time: 1_700_000_000_123_456_789n, expected: 1_700_000_000_123_456_789n },
    { sentence: 'seconds', time: 1_700_000_000.5, expected: 1_700_000_000_500_000_000n },
    { sentence: 'times before 1970', time: -1_500_000_000n, expected: -1_500_000_000n },
  ])('sets a link itself to $sentence', ({ time, expected }) => {
    const link = join(directory, `times-${String(time)}`);
    symlinkSync('nowhere', link);
    lutimesSync(link, time, time);
    expect(lstatSync(link, { bigint: true }).mtimeNs).toBe(expected);
  });

  it('takes paths that are not UTF-8', () => {
    const path = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff, 0xfe])]);
    writeFileSync(path, '');
    chmodSync(path, 0o600);
    lutimesSync(path, 5, 5);
    expect(lstatSync(path).mtimeMs).toBe(5_000);
  });
});

const rdevMajor = (rdev: number): number => Number((BigInt(rdev) >> 8n) & 0xfffn);
const rdevMinor = (rdev: number): number =>
  Number((BigInt(rdev) & 0xffn) | ((BigInt(rdev) >> 12n) & 0xffffff00n));
