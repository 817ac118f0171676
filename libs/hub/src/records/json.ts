const MARK = '$bigint';

/** JSON with 64-bit integers, written as `{"$bigint":"…"}`. */
export const stringify = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'bigint' ? { [MARK]: item.toString() } : item,
  );

export const parse = (text: string): unknown =>
  JSON.parse(text, (_key, item: unknown) => {
    if (typeof item !== 'object' || item === null || !(MARK in item)) return item;
    return BigInt(String(item[MARK]));
  });
