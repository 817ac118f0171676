import type { TestCounts } from '@crihub/tool-setup';
import type { ConformanceResult } from './conformance.ts';

/**
 * What a run counts for in CI: a spec that ends as expected passed, or is a known gap and thereby skipped; every
 * difference from what is expected is a failure.
 */
export function tally({ results, surprises }: ConformanceResult): TestCounts {
  const surprising = new Set(surprises.map(({ spec }) => spec));
  const expected = results.filter(({ spec }) => !surprising.has(spec));
  const passed = expected.filter(({ outcome }) => outcome === 'passed').length;
  // A run without specs shows nothing, so that it can't be a success.
  const failed = results.length === 0 ? 1 : surprising.size;
  return { passed, failed, skipped: expected.length - passed };
}
