import { errorFunction, wilcoxonRankSum } from 'simple-statistics';

/**
 * The two-sided p-value of the Wilcoxon rank-sum (Mann-Whitney) test: how often chance alone would part two
 * samples of one distribution so far. By the normal approximation with the correction for ties, without that
 * for continuity; good from some ten values each.
 * @param one not empty. @param other not empty.
 */
export function rankTest(one: readonly number[], other: readonly number[]): number {
  const [n, m] = [one.length, other.length];
  const total = n + m;
  const distance = wilcoxonRankSum([...one], [...other]) - (n * (total + 1)) / 2;
  const variance = ((n * m) / 12) * (total + 1 - tieTerm([...one, ...other]) / (total * (total - 1)));
  if (variance <= 0) return 1; // all values are the same
  return 1 - errorFunction(Math.abs(distance) / Math.sqrt(2 * variance));
}

/** Σ(t³ - t) over the groups of equal values, t being the size of each. */
function tieTerm(values: readonly number[]): number {
  const sizes = new Map<number, number>();
  for (const value of values) sizes.set(value, (sizes.get(value) ?? 0) + 1);
  return [...sizes.values()].reduce((sum, size) => sum + size ** 3 - size, 0);
}
