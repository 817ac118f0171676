import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CpuRates } from './cpu-rates.ts';

const SECOND = 1_000_000_000n;

describe('CpuRates', () => {
  const cases: [string, readonly (readonly [atSeconds: number, usageMs: number])[], bigint | undefined][] = [
    ['one sample gives no rate', [[0, 500]], undefined],
    [
      'half a core over two seconds',
      [
        [0, 500],
        [2, 1_500],
      ],
      500_000_000n,
    ],
    [
      'two cores',
      [
        [0, 0],
        [1, 2_000],
      ],
      2_000_000_000n,
    ],
    [
      'an idle container has the rate zero, which is not unknown',
      [
        [0, 70],
        [5, 70],
      ],
      0n,
    ],
    [
      'samples closer than a second keep the rate before them',
      [
        [0, 0],
        [2, 1_000],
        [2.5, 9_000],
      ],
      500_000_000n,
    ],
    [
      'close samples measure against the older one in the end',
      [
        [0, 0],
        [0.5, 400],
        [2, 1_000],
      ],
      500_000_000n,
    ],
    [
      'a counter that went back begins anew',
      [
        [0, 900],
        [2, 100],
      ],
      undefined,
    ],
    [
      'and goes on from there',
      [
        [0, 900],
        [2, 100],
        [4, 300],
      ],
      100_000_000n,
    ],
    [
      'a clock that was set back begins anew',
      [
        [10, 900],
        [2, 1_000],
      ],
      undefined,
    ],
  ];
  it.each(cases)('%s', (_sentence, samples, expected) => {
    const rates = new CpuRates();
    const results = samples.map(([at, usage]) =>
      rates.add('one', BigInt(Math.round(at * 1_000)) * 1_000_000n, BigInt(usage) * 1_000_000n),
    );
    expect(results.at(-1)).toBe(expected);
  });

  it('never gives a rate below zero or above what was used', () => {
    const step = fc.record({
      elapsed: fc.bigInt({ min: -5n * SECOND, max: 60n * SECOND }),
      used: fc.bigInt({ min: -SECOND, max: 64n * SECOND }),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const rates = new CpuRates();
        let [at, usage] = [100_000n * SECOND, 100_000n * SECOND];
        for (const { elapsed, used } of steps) {
          at += elapsed;
          usage += used;
          const rate = rates.add('one', at, usage);
          if (rate !== undefined && (rate < 0n || rate > 64n * SECOND * BigInt(steps.length))) return false;
        }
        return true;
      }),
    );
  });

  it('keeps pods and containers apart, and forgets those that are gone', () => {
    const rates = new CpuRates();
    rates.add('a', 0n, 0n);
    rates.add('b', 3n * SECOND, 0n);
    expect(rates.add('a', SECOND, SECOND)).toBe(SECOND);
    expect(rates.newestNs).toBe(3n * SECOND);
    rates.retain((id) => id === 'b');
    expect(rates.size).toBe(1);
    expect(rates.add('a', 9n * SECOND, 9n * SECOND)).toBeUndefined();
  });
});
