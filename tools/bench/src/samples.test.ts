import { describe, expect, it } from 'vitest';
import { Recorder, Samples } from './samples.ts';

describe('Samples.percentile', () => {
  it.each([
    {
      sentence: 'the median of an odd number of samples is the middle one',
      values: [9, 1, 5],
      share: 0.5,
      expected: 5,
    },
    { sentence: 'the p99 of few samples is the largest', values: [1, 2, 3], share: 0.99, expected: 3 },
    {
      sentence: 'the p99 of 200 samples leaves the two largest out',
      values: Array.from({ length: 200 }, (_, n) => n + 1),
      share: 0.99,
      expected: 198,
    },
    { sentence: 'without samples there is no number', values: [], share: 0.5, expected: Number.NaN },
  ])('$sentence', ({ values, share, expected }) => {
    const samples = new Samples();
    for (const value of values) samples.add(value);
    expect(samples.percentile(share)).toBe(expected);
  });
});

describe('Recorder.time', () => {
  it('does not count what failed', async () => {
    const recorder = new Recorder();
    await expect(recorder.time('x', async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(recorder.of('x').count).toBe(0);
  });
});
