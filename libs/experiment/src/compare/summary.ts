import { quantile } from 'simple-statistics';

/** Where a sample lies. Quantiles interpolate linearly between neighbours (type 7 of Hyndman and Fan). */
export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

const POINTS = [0, 0.25, 0.5, 0.75, 0.9, 0.99, 1];

/** @param sample not empty. */
export function summarise(sample: readonly number[]): Summary {
  const [min = 0, p25 = 0, p50 = 0, p75 = 0, p90 = 0, p99 = 0, max = 0] = quantile([...sample], POINTS);
  return { count: sample.length, min, p25, p50, p75, p90, p99, max };
}
