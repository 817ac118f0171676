import { describe, expect, it } from 'vitest';
import { type ArmShares, drawArm } from './draw-arm.ts';

const UNITS = 20_000;
const keys = Array.from({ length: UNITS }, (_, index) => `default/web-${String(index)}`);
const draws = (shares: ArmShares, salt = 'salt'): readonly string[] =>
  keys.map((key) => drawArm(salt, key, shares));

/** Pearson's statistic of what was drawn against the shares. */
function chiSquare(drawn: readonly string[], shares: ArmShares): number {
  const total = Object.values(shares).reduce((sum, share) => sum + share, 0);
  return Object.entries(shares).reduce((sum, [arm, share]) => {
    const expected = (drawn.length * share) / total;
    const found = drawn.filter((name) => name === arm).length;
    return sum + (found - expected) ** 2 / expected;
  }, 0);
}

describe('the arm of a unit', () => {
  it.each<[string, ArmShares, number]>([
    // The last column: the value of χ² that chance exceeds once in 1,000 times, by its degrees of freedom.
    ['equal shares', { runc: 50, kata: 50 }, 10.83],
    ['unequal shares', { runc: 90, kata: 10 }, 10.83],
    ['a sliver', { runc: 99, kata: 1 }, 10.83],
    ['three arms', { runc: 1, crun: 2, docker: 3 }, 13.82],
    ['five arms', { a: 5, b: 1, c: 3, d: 0.5, e: 2 }, 18.47],
  ])('follows %s', (_name, shares, limit) => {
    expect(chiSquare(draws(shares), shares)).toBeLessThan(limit);
  });

  it('is the same whenever it is asked for, and whatever the order of the arms', () => {
    expect(draws({ kata: 30, runc: 70 })).toEqual(draws({ runc: 70, kata: 30 }));
  });

  it('does not depend on that of another salt', () => {
    const shares = { runc: 50, kata: 50 };
    const [one, other] = [draws(shares, '2026-q3'), draws(shares, '2026-q4')];
    const both = one.filter((arm, index) => arm === other[index]).length;
    // Half of them agree by chance; the deviation is 3.3 standard errors at most.
    expect(Math.abs(both - UNITS / 2)).toBeLessThan(3.3 * Math.sqrt(UNITS / 4));
  });

  it('gives an arm without a share nothing', () => {
    expect(new Set(draws({ runc: 1, kata: 0 }))).toEqual(new Set(['runc']));
  });

  it('is refused where no arm has a share', () => {
    expect(() => drawArm('salt', 'key', { runc: 0 })).toThrow(RangeError);
  });
});

describe('changing shares', () => {
  it.each<[string, ArmShares, ArmShares, string, number]>([
    ['raising one', { runc: 90, kata: 10 }, { runc: 90, kata: 30 }, 'kata', 30 / 120 - 10 / 100],
    ['adding one', { runc: 50, kata: 50 }, { runc: 50, kata: 50, crun: 50 }, 'crun', 1 / 3],
    ['an arm that was off', { runc: 100, kata: 0 }, { runc: 100, kata: 5 }, 'kata', 5 / 105],
  ])('%s moves units to that arm alone, and no more than must', (_name, before, after, grown, moving) => {
    const [old, now] = [draws(before), draws(after)];
    const moved = now.filter((arm, index) => arm !== old[index]);
    expect(moved.filter((arm) => arm !== grown)).toEqual([]);
    expect(Math.abs(moved.length / UNITS - moving)).toBeLessThan(
      3.3 * Math.sqrt((moving * (1 - moving)) / UNITS),
    );
  });

  it('removing an arm leaves the units of the others where they are', () => {
    const [old, now] = [draws({ a: 1, b: 1, c: 1 }), draws({ a: 1, b: 1 })];
    expect(old.filter((arm, index) => arm !== 'c' && arm !== now[index])).toEqual([]);
  });

  it('multiplying all shares moves nothing', () => {
    expect(draws({ runc: 0.7, kata: 0.3 })).toEqual(draws({ runc: 70, kata: 30 }));
  });
});
