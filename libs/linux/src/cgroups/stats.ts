import type { DeviceIo } from './io-stats.ts';
import type { Pressure } from './parse.ts';

/** A number that the kernel may not have. */
type Maybe<T> = T | undefined;

export interface CpuStats {
  readonly usageNs: Maybe<bigint>;
  readonly userNs: Maybe<bigint>;
  readonly systemNs: Maybe<bigint>;
  /** Enforcement periods of the quota that passed, and those in which it was used up. */
  readonly periods: Maybe<number>;
  readonly throttledPeriods: Maybe<number>;
  readonly throttledNs: Maybe<bigint>;
}

/** In bytes, where not said otherwise; descendants included. */
export interface MemoryStats {
  readonly usage: Maybe<number>;
  /** Usage without the page cache that the kernel would drop first, as cAdvisor has it. */
  readonly workingSet: Maybe<number>;
  /** Anonymous memory. */
  readonly rss: Maybe<number>;
  readonly cache: Maybe<number>;
  readonly mappedFile: Maybe<number>;
  readonly kernel: Maybe<number>;
  readonly swapUsage: Maybe<number>;
  /** The limit; `undefined` also if there is none. */
  readonly limit: Maybe<number>;
  /** The limit of swap alone; `undefined` also if there is none. */
  readonly swapLimit: Maybe<number>;
  /** What reclaim spares if it can (`memory.low`, v1's soft limit). */
  readonly reservation: Maybe<number>;
  readonly maxUsage: Maybe<number>;
  /** How often the limit was hit. */
  readonly failures: Maybe<number>;
  readonly oomKills: Maybe<number>;
  readonly pageFaults: Maybe<number>;
  readonly majorPageFaults: Maybe<number>;
}

export interface HugepageStats {
  /** `2MB` */
  readonly pageSize: string;
  readonly usageBytes: number;
  readonly maxUsageBytes: Maybe<number>;
  readonly limitBytes: Maybe<number>;
}

/** What the kernel says of one cgroup. Where it has no number there is none: nothing is made up. */
export interface CgroupStats {
  readonly cpu: CpuStats;
  readonly memory: MemoryStats;
  readonly pids: {
    /** Threads, descendants included. */
    readonly current: Maybe<number>;
    readonly limit: Maybe<number>;
  };
  /** Processes in this cgroup itself. */
  readonly processes: Maybe<number>;
  readonly hugepages: readonly HugepageStats[];
  readonly io: Maybe<readonly DeviceIo[]>;
  readonly pressure: {
    readonly cpu: Maybe<Pressure>;
    readonly memory: Maybe<Pressure>;
    readonly io: Maybe<Pressure>;
  };
}

/** Never less than nothing: usage and cache are not read in the same instant. */
export const workingSetOf = (usage: Maybe<number>, inactiveFile: Maybe<number>): Maybe<number> =>
  usage === undefined ? undefined : Math.max(0, usage - (inactiveFile ?? 0));

/** Microseconds to nanoseconds. */
export const nanoseconds = (microseconds: Maybe<number>): Maybe<bigint> =>
  microseconds === undefined ? undefined : BigInt(microseconds) * 1_000n;
