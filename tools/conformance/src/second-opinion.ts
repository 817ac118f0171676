import type { ConformanceResult } from './conformance.ts';

/** More surprises than these are no matter of timing. */
const MOST = 5;

/**
 * Some specs depend on how busy the machine is, so a few that surprise are judged once more by themselves, and what
 * they then show counts. A spec that is new or gone, or surprises twice, stays a surprise.
 */
export async function withSecondOpinion(
  first: ConformanceResult,
  judgeAlone: (focus: string) => Promise<ConformanceResult>,
  say: (line: string) => void,
): Promise<ConformanceResult> {
  const { results, surprises } = first;
  const ran = new Set(results.map(({ spec }) => spec));
  if (surprises.length === 0 || surprises.length > MOST) return first;
  if (!surprises.every(({ spec }) => ran.has(spec))) return first;
  for (const { spec, sentence } of surprises) say(`judged once more: ${spec}: ${sentence}`);
  const second = await judgeAlone(surprises.map(({ spec }) => literally(spec)).join('|'));
  const again = new Map(second.results.map((result) => [result.spec, result]));
  const isJudged = surprises.every(({ spec }) => again.get(spec) !== undefined);
  if (!isJudged) return first;
  return { results: results.map((result) => again.get(result.spec) ?? result), surprises: second.surprises };
}

/** A regular expression that matches this text. */
const literally = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
