import type { ContainerId } from '@crihub/kernel';
import { expect, it } from 'vitest';
import { parseFigures } from './guest-statistics.ts';

const ID = 'ab'.repeat(32) as ContainerId;
const OTHER = 'cd'.repeat(32) as ContainerId;

it('takes the files and descriptors of containers and passes over all else', () => {
  const text = [
    `${ID}/cpu.stat:usage_usec 5`,
    `${ID}/cpu.stat:user_usec 3`,
    `${ID}/memory.current:4096`,
    `${ID}/secret:1`,
    `${ID}/descriptors:7 2`,
    `${OTHER}/descriptors:7 -2`,
    '../../etc/memory.current:1',
    'nonsense',
    '',
  ].join('\n');
  expect(parseFigures(text)).toEqual(
    new Map([
      [
        ID,
        {
          cgroupFiles: new Map([
            ['cpu.stat', 'usage_usec 5\nuser_usec 3\n'],
            ['memory.current', '4096\n'],
          ]),
          descriptors: { files: 7, sockets: 2 },
        },
      ],
      [OTHER, { cgroupFiles: new Map() }],
    ]),
  );
});
