import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { median, quantile, sampleWithReplacement } from 'simple-statistics';

export interface MedianDifference {
  /** Median of the sample minus that of the control. */
  readonly difference: number;
  /** The 95 % interval. */
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 2_000;
/** Always the same, so that a report can be made again from its data. */
const SEED = 20_260_101;

/**
 * The difference of medians with its percentile bootstrap interval (Efron and Tibshirani, chapter 13).
 * @param sample not empty. @param control not empty.
 */
export function medianDifference(sample: readonly number[], control: readonly number[]): MedianDifference {
  const generator = xoroshiro128plus(SEED);
  const random = (): number => uniformFloat64(generator);
  const resampled = (values: readonly number[]): number =>
    median(sampleWithReplacement([...values], values.length, random));
  const differences = Array.from({ length: RESAMPLES }, () => resampled(sample) - resampled(control));
  const [low = 0, high = 0] = quantile(differences, [0.025, 0.975]);
  return { difference: median([...sample]) - median([...control]), low, high };
}
