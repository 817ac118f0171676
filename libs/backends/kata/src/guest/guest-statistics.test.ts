import type { ContainerId } from '@crihub/kernel';
import { expect, it } from 'vitest';
import { parseCgroupFiles } from './guest-statistics.ts';

const ID = 'ab'.repeat(32) as ContainerId;

it('takes the files of containers and passes over all else', () => {
  const text = [
    `${ID}/cpu.stat:usage_usec 5`,
    `${ID}/cpu.stat:user_usec 3`,
    `${ID}/memory.current:4096`,
    `${ID}/secret:1`,
    '../../etc/memory.current:1',
    'nonsense',
    '',
  ].join('\n');
  expect(parseCgroupFiles(text)).toEqual(
    new Map([
      [
        ID,
        new Map([
          ['cpu.stat', 'usage_usec 5\nuser_usec 3\n'],
          ['memory.current', '4096\n'],
        ]),
      ],
    ]),
  );
});
