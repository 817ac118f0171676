import { expect, it } from 'vitest';
import { rankTest } from './rank-test.ts';

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Expected values by the Kruskal-Wallis test of two groups, which is the same test (stdlib 0.2.3). */
it.each([
  ['far apart', range(1, 10), range(11, 20), 0.000157],
  ['overlapping', range(1, 10), range(4, 13), 0.0533],
  ['with ties', [1, 1, 2, 2, 3, 3, 4, 4], [2, 2, 3, 3, 4, 4, 5, 5], 0.132],
  ['of different sizes', [1, 2, 3, 4, 5], [2, 3, 9, 10, 11], 0.1719],
])('gives p of samples %s', (_name, one, other, expected) => {
  expect(rankTest(one, other)).toBeCloseTo(expected, 3);
  expect(rankTest(other, one)).toBeCloseTo(expected, 3);
});

it('sees no difference where all values are one', () => {
  expect(rankTest([2, 2, 2], [2, 2])).toBe(1);
});
