/** Parsers of what cgroup files hold (kernel `Documentation/admin-guide/cgroup-v1`, `cgroup-v2.rst`). */

/** v1 says "unlimited" with the largest number of whole pages, which differs with the size of a page. */
const UNLIMITED = 2 ** 63 - 2 ** 17;

/** A number alone in a file. */
export function parseNumber(text: string | undefined): number | undefined {
  const trimmed = text?.trim();
  return trimmed === undefined || !/^-?\d+$/.test(trimmed) ? undefined : Number(trimmed);
}

/** A limit; `undefined` for `max`, -1 or v1's huge number, all of which mean none. */
export function parseLimit(text: string | undefined): number | undefined {
  const limit = parseNumber(text);
  return limit === undefined || limit < 0 || limit >= UNLIMITED ? undefined : limit;
}

/** A count too large for a double: nanoseconds. */
export function parseBigInt(text: string | undefined): bigint | undefined {
  const trimmed = text?.trim();
  return trimmed === undefined || !/^\d+$/.test(trimmed) ? undefined : BigInt(trimmed);
}

/** Lines of a name and a number. */
export function parseFlatKeyed(text: string | undefined): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const line of text?.split('\n') ?? []) {
    const space = line.indexOf(' ');
    if (space > 0) values.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return values;
}

/**
 * Process ids, one a line. A process of a foreign PID namespace shows as 0, which as a target of kill(2)
 * would be this process's own group: it is left out.
 */
export const parseIds = (text: string | undefined): readonly number[] =>
  text
    ?.split('\n')
    .map(Number)
    .filter((pid) => pid > 0) ?? [];

/** Share of time in percent in which tasks waited, and the total of the waits. */
export interface PressureLine {
  readonly average10: number;
  readonly average60: number;
  readonly average300: number;
  readonly totalNs: bigint;
}

/** Pressure stall information: some tasks waited, or all did. */
export interface Pressure {
  readonly some: PressureLine;
  readonly full: PressureLine | undefined;
}

/** `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`, and the same with `full`; total is in microseconds. */
export function parsePressure(text: string | undefined): Pressure | undefined {
  const lines = new Map(text?.split('\n').map((line) => [line.split(' ')[0], parsePressureLine(line)]));
  const some = lines.get('some');
  return some === undefined ? undefined : { some, full: lines.get('full') };
}

function parsePressureLine(line: string): PressureLine {
  const values = new Map(line.split(' ').map((field) => field.split('=') as [string, string]));
  const average = (seconds: number): number => Number(values.get(`avg${String(seconds)}`) ?? 0);
  return {
    average10: average(10),
    average60: average(60),
    average300: average(300),
    totalNs: BigInt(values.get('total') ?? 0) * 1_000n,
  };
}
