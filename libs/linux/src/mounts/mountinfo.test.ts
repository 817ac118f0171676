import { describe, expect, it } from 'vitest';
import { isAtOrUnder, mountOf, parseMountInfo } from './mountinfo.ts';

describe('parseMountInfo', () => {
  it('reads all fields', () => {
    const line =
      '36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 propagate_from:2 - ext3 /dev/root rw,errors=continue';
    expect(parseMountInfo(`${line}\n`)).toEqual([
      {
        id: 36,
        parentId: 35,
        device: '98:0',
        root: '/mnt1',
        target: '/mnt2',
        options: ['rw', 'noatime'],
        propagation: 'slave',
        type: 'ext3',
        source: '/dev/root',
        superOptions: ['rw', 'errors=continue'],
      },
    ]);
  });

  it.each([
    { sentence: 'no optional fields', fields: '', propagation: 'private' },
    { sentence: 'a peer group', fields: 'shared:7 ', propagation: 'shared' },
    { sentence: 'a peer group and a master', fields: 'shared:7 master:1 ', propagation: 'shared' },
    { sentence: 'the mark of an unbindable mount', fields: 'unbindable ', propagation: 'unbindable' },
  ])('takes $sentence as $propagation', ({ fields, propagation }) => {
    const [entry] = parseMountInfo(`1 0 0:1 / /a rw ${fields}- tmpfs none rw`);
    expect(entry).toMatchObject({ propagation, type: 'tmpfs' });
  });

  it('takes octal escapes back, each once', () => {
    const [entry] = parseMountInfo('1 0 0:1 /\\134040 /a\\040b\\011c\\012d\\043 rw - tmpfs my\\040disk rw');
    expect(entry).toMatchObject({ root: '/\\040', target: '/a b\tc\nd#', source: 'my disk' });
  });

  it('copes with a filesystem without a source', () => {
    expect(parseMountInfo('1 0 0:1 / /a rw - tmpfs  rw')[0]).toMatchObject({
      source: '',
      superOptions: ['rw'],
    });
  });
});

describe('mountOf', () => {
  const entries = parseMountInfo(
    ['1 0 0:1 / / rw - ext4 a rw', '2 1 0:2 / /run rw - tmpfs b rw', '3 2 0:3 / /run rw - tmpfs c rw'].join(
      '\n',
    ),
  );
  it.each([
    ['/', 1],
    ['/running', 1],
    ['/run', 3],
    ['/run/netns/x', 3],
  ])('of %s is the deepest and latest', (path, id) => expect(mountOf(entries, path)?.id).toBe(id));
});

describe('isAtOrUnder', () => {
  it.each([
    ['/a', '/a', true],
    ['/a/b', '/a', true],
    ['/ab', '/a', false],
    ['/a', '/', true],
    ['/a', '/a/b', false],
  ])('%s is at or under %s: %s', (path, directory, expected) =>
    expect(isAtOrUnder(path, directory)).toBe(expected),
  );
});
