import { describe, expect, it } from 'vitest';
import { compareWithExpectations, formatExpectations, parseExpectations } from './expectations.ts';
import type { Outcome, SpecResult } from './report.ts';

const result = (outcome: Outcome): SpecResult => ({ spec: 'a', outcome, seconds: 1, reason: 'because' });
const parse = (text: string): ReturnType<typeof parseExpectations> => parseExpectations(text, 'runc.tsv');

describe('parseExpectations', () => {
  it('reads passes and gaps, and skips comments and empty lines', () => {
    expect([...parse('# comment\n\na\tpass\nb\tgap\tno AppArmor\n')]).toEqual([
      ['a', { kind: 'pass' }],
      ['b', { kind: 'gap', reason: 'no AppArmor' }],
    ]);
  });
  it.each([
    { sentence: 'a gap without a reason is refused', text: 'a\tgap\n' },
    { sentence: 'an unknown word is refused', text: 'a\tmaybe\n' },
    { sentence: 'a spec that is there twice is refused', text: 'a\tpass\na\tpass\n' },
  ])('$sentence', ({ text }) => {
    expect(() => parse(text)).toThrow(/runc\.tsv:\d/);
  });
});

describe('compareWithExpectations', () => {
  it.each([
    { sentence: 'a pass that passes is no surprise', text: 'a\tpass', outcome: 'passed', says: undefined },
    { sentence: 'a gap that fails is no surprise', text: 'a\tgap\tno', outcome: 'failed', says: undefined },
    { sentence: 'a pass that fails is one', text: 'a\tpass', outcome: 'failed', says: 'because' },
    { sentence: 'a pass that is skipped is one', text: 'a\tpass', outcome: 'skipped', says: 'skipped' },
    { sentence: 'a gap that passes is one', text: 'a\tgap\tno', outcome: 'passed', says: 'passes now' },
    { sentence: 'an unknown spec is one', text: '', outcome: 'passed', says: 'no expectation' },
  ] as const)('$sentence', ({ text, outcome, says }) => {
    const surprises = compareWithExpectations([result(outcome)], parse(text), 'whole');
    if (says === undefined) expect(surprises).toEqual([]);
    else expect(surprises).toMatchObject([{ sentence: expect.stringContaining(says) as string }]);
  });

  it.each([
    { sentence: 'a spec that a whole run lacks is one', run: 'whole', surprises: 1 },
    { sentence: 'a spec that was not selected is none', run: 'part', surprises: 0 },
  ] as const)('$sentence', ({ run, surprises }) => {
    expect(compareWithExpectations([], parse('a\tpass'), run)).toHaveLength(surprises);
  });
});

describe('formatExpectations', () => {
  it('keeps the reason of a gap that is known', () => {
    expect(formatExpectations([result('failed')], parse('a\tgap\tno AppArmor'))).toBe(
      'a\tgap\tno AppArmor\n',
    );
  });
  it('writes what parseExpectations reads', () => {
    expect(parse(formatExpectations([result('skipped')], new Map())).get('a')).toEqual({
      kind: 'gap',
      reason: 'skipped: because',
    });
  });
});
