import { RuntimeError } from '@crihub/kernel';
import type { Outcome, SpecResult } from './report.ts';

/** A reason that a person has not written yet is cut here. */
const REASON_LENGTH = 160;

/** What is known of a spec on a handler: it passes, or it does not and there is a reason. */
export type Expectation = { readonly kind: 'pass' } | { readonly kind: 'gap'; readonly reason: string };

/** A spec that did not end as its handler's file says. */
export interface Surprise {
  readonly spec: string;
  readonly sentence: string;
}

/** Reads `spec <tab> pass` and `spec <tab> gap <tab> reason` lines; `#` begins a comment. */
export function parseExpectations(text: string, file: string): ReadonlyMap<string, Expectation> {
  const expectations = new Map<string, Expectation>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [spec = '', kind = '', reason = ''] = line.split('\t');
    const where = `${file}:${String(index + 1)}`;
    if (expectations.has(spec)) throw invalid(`${where}: ${spec} is there twice`);
    if (kind === 'pass') expectations.set(spec, { kind });
    else if (kind === 'gap' && reason !== '') expectations.set(spec, { kind, reason });
    else throw invalid(`${where}: ${JSON.stringify(kind)} is neither "pass" nor "gap" with a reason`);
  }
  return expectations;
}

/**
 * Compares a run with what is expected. A spec that the file does not know is a surprise too, and so is one
 * of the file that a whole run did not have: a suite that shrinks must not pass for one that succeeds.
 */
export function compareWithExpectations(
  results: readonly SpecResult[],
  expectations: ReadonlyMap<string, Expectation>,
  run: 'whole' | 'part',
): readonly Surprise[] {
  const surprises = results.flatMap(({ spec, outcome, reason }) => {
    const sentence = judge(expectations.get(spec), outcome, reason);
    return sentence === undefined ? [] : [{ spec, sentence }];
  });
  return run === 'part' ? surprises : [...surprises, ...missing(results, expectations)];
}

function missing(
  results: readonly SpecResult[],
  expectations: ReadonlyMap<string, Expectation>,
): readonly Surprise[] {
  const ran = new Set(results.map(({ spec }) => spec));
  return [...expectations.keys()]
    .filter((spec) => !ran.has(spec))
    .map((spec) => ({ spec, sentence: 'is expected, but the suite does not have it' }));
}

function judge(expected: Expectation | undefined, outcome: Outcome, reason: string): string | undefined {
  if (expected === undefined) return `${outcome}, and no expectation is written for it`;
  if (expected.kind === 'pass')
    return outcome === 'passed' ? undefined : `should pass, but ${outcome}: ${reason}`;
  return outcome === 'passed' ? `passes now; its gap was: ${expected.reason}` : undefined;
}

/** The expectations that a run fulfils, keeping the reasons of known gaps. */
export function formatExpectations(
  results: readonly SpecResult[],
  previous: ReadonlyMap<string, Expectation>,
): string {
  const lines = results.map(({ spec, outcome, reason }) => {
    if (outcome === 'passed') return `${spec}\tpass`;
    const known = previous.get(spec);
    return `${spec}\tgap\t${known?.kind === 'gap' ? known.reason : `${outcome}: ${reason}`.slice(0, REASON_LENGTH)}`;
  });
  return `${lines.join('\n')}\n`;
}

const invalid = (sentence: string): RuntimeError => new RuntimeError('InvalidArgument', sentence);
