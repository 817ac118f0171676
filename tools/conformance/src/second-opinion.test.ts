import { expect, it } from 'vitest';
import type { ConformanceResult } from './conformance.ts';
import type { Outcome, SpecResult } from './report.ts';
import { withSecondOpinion } from './second-opinion.ts';

const spec = (name: string, outcome: Outcome): SpecResult => ({
  spec: name,
  outcome,
  seconds: 1,
  reason: 'because',
});
const surprise = (name: string): ConformanceResult['surprises'][number] => ({
  spec: name,
  sentence: 'should pass, but failed',
});
const never = async (): Promise<ConformanceResult> => {
  throw new Error('judged again');
};
const silent = (): void => undefined;

const FIRST: ConformanceResult = {
  results: [spec('[k8s.io] a (1)', 'passed'), spec('[k8s.io] b', 'failed')],
  surprises: [surprise('[k8s.io] b')],
};

it('takes what a spec shows when it is judged alone', async () => {
  const asked: string[] = [];
  const result = await withSecondOpinion(
    FIRST,
    async (focus) => {
      asked.push(focus);
      return { results: [spec('[k8s.io] b', 'passed')], surprises: [] };
    },
    silent,
  );
  expect(result.surprises).toEqual([]);
  expect(result.results.map(({ outcome }) => outcome)).toEqual(['passed', 'passed']);
  expect(FIRST.results.map((one) => new RegExp(asked.join()).test(one.spec))).toEqual([false, true]);
});

it('stays with a spec that surprises twice', async () => {
  const second = { results: [spec('[k8s.io] b', 'failed')], surprises: [surprise('[k8s.io] b')] };
  expect((await withSecondOpinion(FIRST, async () => second, silent)).surprises).toEqual(second.surprises);
});

it('stays with the first run if the second judged nothing', async () => {
  const nothing = async (): Promise<ConformanceResult> => ({ results: [], surprises: [] });
  expect(await withSecondOpinion(FIRST, nothing, silent)).toBe(FIRST);
});

const many = ['1', '2', '3', '4', '5', '6'];

it.each<[string, ConformanceResult]>([
  ['a run without surprises', { results: FIRST.results, surprises: [] }],
  ['a spec that is gone', { ...FIRST, surprises: [surprise('gone')] }],
  ['many', { results: many.map((name) => spec(name, 'failed')), surprises: many.map(surprise) }],
])('does not judge again: %s', async (_case, first) => {
  expect(await withSecondOpinion(first, never, silent)).toBe(first);
});
