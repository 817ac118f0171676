import { describe, expect, it } from 'vitest';
import { parseIoV1, parseIoV2 } from './io-stats.ts';
import { parseFlatKeyed, parseIds, parseLimit, parseNumber, parsePressure } from './parse.ts';
import { parseProcessCgroups } from './process-cgroups.ts';

describe('numbers', () => {
  it.each([
    { sentence: 'a number', text: '12345\n', number: 12_345, limit: 12_345 },
    { sentence: 'zero', text: '0\n', number: 0, limit: 0 },
    { sentence: 'no limit in v2', text: 'max\n', number: undefined, limit: undefined },
    { sentence: 'no limit as -1', text: '-1\n', number: -1, limit: undefined },
    {
      sentence: 'no limit in v1',
      text: '9223372036854771712\n',
      number: 9_223_372_036_854_771_712,
      limit: undefined,
    },
    {
      sentence: 'no limit in v1 with large pages',
      text: '9223372036854710272',
      number: 9_223_372_036_854_710_272,
      limit: undefined,
    },
    { sentence: 'a missing file', text: undefined, number: undefined, limit: undefined },
    { sentence: 'an empty file', text: '', number: undefined, limit: undefined },
  ])('$sentence', ({ text, number, limit }) => {
    expect(parseNumber(text)).toBe(number);
    expect(parseLimit(text)).toBe(limit);
  });
});

describe('lists', () => {
  it('reads names and numbers', () => {
    expect([...parseFlatKeyed('anon 1\nfile 22\n')]).toEqual([
      ['anon', 1],
      ['file', 22],
    ]);
    expect(parseFlatKeyed(undefined).size).toBe(0);
  });

  it('leaves out processes of foreign PID namespaces, which show as 0', () => {
    expect(parseIds('12\n0\n34\n')).toEqual([12, 34]);
    expect(parseIds('')).toEqual([]);
  });
});

describe('parsePressure', () => {
  it.each([
    {
      sentence: 'some and full',
      text: 'some avg10=1.50 avg60=0.20 avg300=0.03 total=123456\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n',
      expected: {
        some: { average10: 1.5, average60: 0.2, average300: 0.03, totalNs: 123_456_000n },
        full: { average10: 0, average60: 0, average300: 0, totalNs: 7_000n },
      },
    },
    {
      sentence: 'some alone, as older kernels have it for the CPU',
      text: 'some avg10=0.00 avg60=0.00 avg300=0.00 total=9\n',
      expected: { some: { average10: 0, average60: 0, average300: 0, totalNs: 9_000n }, full: undefined },
    },
    { sentence: 'a kernel without it', text: undefined, expected: undefined },
  ])('$sentence', ({ text, expected }) => expect(parsePressure(text)).toEqual(expected));
});

describe('io', () => {
  const device = {
    major: 8,
    minor: 16,
    readBytes: 1,
    writeBytes: 2,
    discardBytes: 5,
    readOperations: 3,
    writeOperations: 4,
    discardOperations: 6,
  };

  it('reads v2, where a device may have no numbers at all', () => {
    expect(parseIoV2('7:0 \n8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6 cost.usage=9\n')).toEqual([
      device,
    ]);
  });

  it('reads v1 and leaves totals and sums of read and write out', () => {
    const bytes =
      '8:16 Read 1\n8:16 Write 2\n8:16 Sync 3\n8:16 Async 0\n8:16 Discard 5\n8:16 Total 8\nTotal 8\n';
    const operations = '8:16 Read 3\n8:16 Write 4\n8:16 Discard 6\n8:16 Total 13\nTotal 13\n';
    expect(parseIoV1(bytes, operations)).toEqual([device]);
    expect(parseIoV1('Total 0\n', undefined)).toEqual([]);
  });
});

describe('parseProcessCgroups', () => {
  it('tells the unified path from those of controllers, also with colons in them', () => {
    const { unified, controllers } = parseProcessCgroups(
      '4:cpu,cpuacct:/a\n2:name=systemd:/user:1/b\n0::/c:d\n',
    );
    expect(unified).toBe('/c:d');
    expect([...controllers]).toEqual([
      ['cpu', '/a'],
      ['cpuacct', '/a'],
      ['name=systemd', '/user:1/b'],
    ]);
  });
});
