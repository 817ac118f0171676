// In every Node that crihub runs on, but not yet in TypeScript's library.
const { rawJSON } = JSON as typeof JSON & { rawJSON(this: void, text: string): unknown };

/**
 * The JSON of a specification, or of a part of it. 64-bit values are written exactly, which
 * `JSON.stringify` alone can't do.
 */
export const serializeOci = (value: object): string =>
  JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? rawJSON(String(part)) : part));
