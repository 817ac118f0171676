/** The time of day, replaceable in tests. CRI times are nanoseconds since 1970. */
export interface Clock {
  nowNs(): bigint;
}

export const systemClock: Clock = { nowNs: () => BigInt(Date.now()) * 1_000_000n };
