export interface HugepageLimit {
  /** As the kernel names it: `2MB`, `1GB`. */
  readonly pageSize: string;
  readonly limitBytes: number;
}

/** Limits and shares of a container or a pod. An absent field leaves the setting as it is. */
export interface Resources {
  /** Relative weight, 2 to 262144, 1024 being one CPU's worth. */
  readonly cpuShares?: number;
  /** CPU time per period in µs; -1 is unlimited. */
  readonly cpuQuotaUs?: number;
  readonly cpuPeriodUs?: number;
  /** Lists as in cpuset(7): `0-2,7`. */
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  /** -1 is unlimited. */
  readonly memoryLimitBytes?: number;
  /** Memory plus swap; -1 is unlimited. */
  readonly memorySwapLimitBytes?: number;
  readonly pidsLimit?: number;
  readonly oomScoreAdj?: number;
  readonly hugepages?: readonly HugepageLimit[];
  /** Raw cgroup v2 settings, file name to value. */
  readonly unified?: Readonly<Record<string, string>>;
}
