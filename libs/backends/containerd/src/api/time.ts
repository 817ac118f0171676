import type { Timestamp } from '@crihub/wire/containerd';

/** Nanoseconds since 1970; absent if there is none, or if it is Go's zero time. */
export function nanosecondsOf(time: Timestamp | undefined): bigint | undefined {
  if (time === undefined || time.seconds <= 0n) return undefined;
  return time.seconds * 1_000_000_000n + BigInt(time.nanos);
}
