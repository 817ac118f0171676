import { describe, expect, it } from 'vitest';
import { CAPABILITY_NAMES, parseCapabilities } from './capabilities.ts';
import { isAtLeast, parseKernelVersion } from './kernel-version.ts';
import { maxOpenFilesOf, pageSizeOf } from './process-limits.ts';
import { parseAppArmorProfiles } from './security-modules.ts';

describe('parseCapabilities', () => {
  it.each([
    { sentence: 'all of them', bits: '000001ffffffffff', names: CAPABILITY_NAMES },
    {
      sentence: 'all but CAP_SYS_RESOURCE',
      bits: '000001fffeffffff',
      names: CAPABILITY_NAMES.filter((name) => name !== 'CAP_SYS_RESOURCE'),
    },
    {
      sentence: 'the first and the last',
      bits: '0000010000000001',
      names: ['CAP_CHOWN', 'CAP_CHECKPOINT_RESTORE'],
    },
    { sentence: 'none', bits: '0000000000000000', names: [] },
    { sentence: 'one that is newer than this code', bits: '8000000000000000', names: [] },
  ])('finds $sentence', ({ bits, names }) => {
    const { effective, bounding } = parseCapabilities(`Name:\tx\nCapEff:\t${bits}\nCapBnd:\t${bits}\n`);
    expect([...effective]).toEqual(names);
    expect([...bounding]).toEqual(names);
  });
});

describe('kernel versions', () => {
  it.each([
    ['6.1.0-28-amd64', 6, 1],
    ['6.18.44-fc-v769', 6, 18],
    ['5.15.167.4-microsoft-standard-WSL2', 5, 15],
    ['7.0-rc1', 7, 0],
  ])('%s is %i.%i', (release, major, minor) =>
    expect(parseKernelVersion(release)).toEqual({ major, minor, release }),
  );

  it.each([
    ['6.5', true],
    ['6.18', true],
    ['7.0', true],
    ['6.4', false],
    ['5.19', false],
  ])('%s is at least 6.5: %s', (release, expected) =>
    expect(isAtLeast(parseKernelVersion(release), 6, 5)).toBe(expected),
  );
});

describe('process limits', () => {
  it.each([
    ['Max open files            1024                 524288               files', 524_288],
    ['Max open files            1024                 unlimited            files', undefined],
  ])('reads "%s"', (line, limit) =>
    expect(maxOpenFilesOf(`Max processes  1 2 processes\n${line}\n`)).toBe(limit),
  );

  it('finds the page size among other entries', () => {
    const vector = Buffer.alloc(48);
    [33n, 77n, 6n, 16_384n].forEach((value, index) => vector.writeBigUInt64LE(value, index * 8));
    expect(pageSizeOf(vector)).toBe(16_384);
    expect(pageSizeOf(Buffer.alloc(16))).toBeUndefined();
  });
});

describe('parseAppArmorProfiles', () => {
  it('leaves the mode out', () => {
    expect(parseAppArmorProfiles('docker-default (enforce)\n/usr/bin/a (b) (complain)\n')).toEqual([
      'docker-default',
      '/usr/bin/a (b)',
    ]);
  });
});
