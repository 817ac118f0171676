import { expect, it } from 'vitest';
import { serializeOci } from './serialize.ts';

it('writes 64-bit values exactly', () => {
  expect(serializeOci({ hard: 2n ** 64n - 1n, soft: 1024 })).toBe(
    '{"hard":18446744073709551615,"soft":1024}',
  );
});
