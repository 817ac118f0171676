const NANOSECONDS = 1_000_000_000n;
const PATTERN = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** Nanoseconds since 1970 as RFC 3339 with nine decimals, in UTC: every time of a log has the same length. */
export function formatTimestamp(timeNs: bigint): string {
  const seconds = new Date(Number(timeNs / NANOSECONDS) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${(timeNs % NANOSECONDS).toString().padStart(9, '0')}Z`;
}

/** Nanoseconds since 1970 of an RFC 3339 time with up to nine decimals; absent if the text is none. */
export function parseTimestamp(text: string): bigint | undefined {
  const [, seconds, fraction = '', zone] = PATTERN.exec(text) ?? [];
  const milliseconds = Date.parse(`${String(seconds)}${String(zone)}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
