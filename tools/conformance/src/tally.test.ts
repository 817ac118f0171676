import { describe, expect, it } from 'vitest';
import { compareWithExpectations, parseExpectations } from './expectations.ts';
import type { Outcome, SpecResult } from './report.ts';
import { tally } from './tally.ts';

const spec = (name: string, outcome: Outcome): SpecResult => ({
  spec: name,
  outcome,
  seconds: 1,
  reason: 'because',
});
const run = (...results: readonly SpecResult[]): ReturnType<typeof tally> => {
  const expectations = parseExpectations('a\tpass\nb\tgap\tno AppArmor\n', 'runc.tsv');
  return tally({ results, surprises: compareWithExpectations(results, expectations, 'whole') });
};

describe('tally', () => {
  it.each([
    {
      sentence: 'all as expected',
      results: [spec('a', 'passed'), spec('b', 'failed')],
      counts: { passed: 1, failed: 0, skipped: 1 },
    },
    {
      sentence: 'a backend that was broken: a spec falls out',
      results: [spec('a', 'failed'), spec('b', 'skipped')],
      counts: { passed: 0, failed: 1, skipped: 1 },
    },
    {
      sentence: 'a gap that nobody has taken note of being closed',
      results: [spec('a', 'passed'), spec('b', 'passed')],
      counts: { passed: 1, failed: 1, skipped: 0 },
    },
    {
      sentence: 'a daemon that did not serve: specs are missing',
      results: [],
      counts: { passed: 0, failed: 1, skipped: 0 },
    },
    {
      sentence: 'a suite whose set-up failed',
      results: [spec('[SynchronizedBeforeSuite]', 'failed'), spec('b', 'skipped')],
      counts: { passed: 0, failed: 2, skipped: 1 },
    },
  ])('$sentence', ({ results, counts }) => {
    expect(run(...results)).toEqual(counts);
  });
});
