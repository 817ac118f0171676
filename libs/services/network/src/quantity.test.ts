import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseQuantity } from './quantity.ts';

it.each<[string, bigint | undefined]>([
  ['10M', 10_000_000n],
  ['1Mi', 1_048_576n],
  ['1.5Gi', 1_610_612_736n],
  ['1.1k', 1_100n],
  ['0.1', 1n],
  ['100m', 1n],
  ['2500m', 3n],
  ['1e6', 1_000_000n],
  ['1E6', 1_000_000n],
  ['1E', 10n ** 18n],
  ['1e-3', 1n],
  ['+5', 5n],
  ['5.', 5n],
  ['.5k', 500n],
  ['0', 0n],
  ['', undefined],
  ['.', undefined],
  ['k', undefined],
  ['-1', undefined],
  ['1 M', undefined],
  ['1K', undefined],
  ['1Mib', undefined],
  ['1e999', undefined],
  ['NaN', undefined],
])('%j is %s', (text, expected) => {
  expect(parseQuantity(text)).toBe(expected);
});

it('is the number itself for a whole number, whatever its size', () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 80n }), (n) => parseQuantity(String(n)) === n));
});

it('rounds up, by less than one', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 0, max: 999 }), (whole, milli) => {
      const value = parseQuantity(`${String(whole)}.${String(milli).padStart(3, '0')}`);
      return value === BigInt(whole) + (milli > 0 ? 1n : 0n);
    }),
  );
});

it('answers any text', () => {
  fc.assert(fc.property(fc.string(), (text) => ['bigint', 'undefined'].includes(typeof parseQuantity(text))));
});
