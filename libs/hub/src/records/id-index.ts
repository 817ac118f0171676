import { RuntimeError } from '@crihub/kernel';

/** The shortest prefix that is looked up; fewer digits would match by accident. */
const SHORTEST_PREFIX = 2;

/**
 * The one id that equals `text` or begins with it.
 * @returns undefined if there is none. @throws InvalidArgument if there are several.
 */
export function matchId<Id extends string>(ids: ReadonlyMap<Id, unknown>, text: string): Id | undefined {
  if (ids.has(text as Id)) return text as Id;
  if (text.length < SHORTEST_PREFIX || text.length >= 64) return undefined;
  let match: Id | undefined;
  for (const id of ids.keys()) {
    if (!id.startsWith(text)) continue;
    if (match !== undefined) {
      throw new RuntimeError(
        'InvalidArgument',
        `id ${text} is ambiguous: it begins ${match} and ${id}, for instance`,
      );
    }
    match = id;
  }
  return match;
}
