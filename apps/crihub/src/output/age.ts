const [MINUTE, HOUR, DAY] = [60, 3_600, 86_400];
const YEAR = 365 * DAY;

interface Step {
  /** For durations below this, in seconds. */
  readonly below: number;
  readonly unit: readonly [string, number];
  /** A second, smaller unit, left out when there are none of it. */
  readonly rest?: readonly [string, number];
}

const SECONDS: Step = { below: 2 * MINUTE, unit: ['s', 1] };
/** The precision that kubectl's AGE has (k8s.io/apimachinery, duration.HumanDuration). */
const STEPS: readonly Step[] = [
  SECONDS,
  { below: 10 * MINUTE, unit: ['m', MINUTE], rest: ['s', 1] },
  { below: 3 * HOUR, unit: ['m', MINUTE] },
  { below: 8 * HOUR, unit: ['h', HOUR], rest: ['m', MINUTE] },
  { below: 2 * DAY, unit: ['h', HOUR] },
  { below: 8 * DAY, unit: ['d', DAY], rest: ['h', HOUR] },
  { below: 2 * YEAR, unit: ['d', DAY] },
  { below: 8 * YEAR, unit: ['y', YEAR], rest: ['d', DAY] },
  { below: Infinity, unit: ['y', YEAR] },
];

/** A duration as kubectl writes it: `45s`, `3m20s`, `5h`, `12d`. Clocks may differ: it is never negative. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const step: Step = STEPS.find(({ below }) => seconds < below) ?? SECONDS;
  const [name, size] = step.unit;
  const main = `${String(Math.floor(seconds / size))}${name}`;
  if (step.rest === undefined) return main;
  const [restName, restSize] = step.rest;
  const rest = Math.floor((seconds % size) / restSize);
  return rest === 0 ? main : `${main}${String(rest)}${restName}`;
}

/** How long ago it was. @param timeNs nanoseconds since 1970; 0 for never. */
export const formatAge = (timeNs: bigint, nowMs: number): string =>
  timeNs === 0n ? '-' : formatDuration(nowMs - Number(timeNs / 1_000_000n));

/** ISO 8601 with milliseconds; `null` for never. @param timeNs nanoseconds since 1970 */
export const isoTime = (timeNs: bigint): string | null =>
  timeNs === 0n ? null : new Date(Number(timeNs / 1_000_000n)).toISOString();
