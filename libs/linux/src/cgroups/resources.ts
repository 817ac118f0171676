import { RuntimeError } from '@crihub/kernel';

/** Limits of a cgroup; what is left out is not touched. -1 takes a limit away. */
export interface CgroupResources {
  /** Relative share of the CPU, 2 to 262144; 1024 is usual. */
  readonly cpuShares?: number | undefined;
  readonly cpuQuotaUs?: number | undefined;
  readonly cpuPeriodUs?: number | undefined;
  readonly cpusetCpus?: string | undefined;
  readonly cpusetMems?: string | undefined;
  readonly memoryLimitBytes?: number | undefined;
  /** Of memory and swap together. */
  readonly memorySwapLimitBytes?: number | undefined;
  readonly memoryReservationBytes?: number | undefined;
  readonly pidsLimit?: number | undefined;
  readonly hugepages?: readonly { readonly pageSize: string; readonly limitBytes: number }[] | undefined;
  /** Further files of a v2 cgroup and what to write there. */
  readonly unified?: Readonly<Record<string, string>> | undefined;
}

/** One file to write. An optional one is left out where the kernel does not have it. */
export interface ResourceWrite {
  readonly controller: string;
  readonly file: string;
  readonly value: string;
  readonly optional?: boolean;
}

/** The writes that bring resources about in v1 hierarchies. */
export function resourceWritesV1(resources: CgroupResources): readonly ResourceWrite[] {
  if (Object.keys(resources.unified ?? {}).length > 0) {
    throw new RuntimeError(
      'InvalidArgument',
      'unified cgroup settings need cgroup v2, which this node does not run',
    );
  }
  const number = (
    controller: string,
    file: string,
    value: number | undefined,
    optional = false,
  ): ResourceWrite[] =>
    value === undefined
      ? []
      : [{ controller, file: `${controller}.${file}`, value: String(value), optional }];
  const { memoryLimitBytes: memory, memorySwapLimitBytes: swap } = resources;
  return [
    ...number('cpu', 'shares', resources.cpuShares),
    ...number('cpu', 'cfs_period_us', resources.cpuPeriodUs),
    ...number('cpu', 'cfs_quota_us', resources.cpuQuotaUs),
    ...cpusetWrites(resources),
    ...number('memory', 'limit_in_bytes', memory),
    // Without a limit of memory there can be none of both.
    ...number('memory', 'memsw.limit_in_bytes', swap ?? (memory === -1 ? -1 : undefined), true),
    ...number('memory', 'soft_limit_in_bytes', resources.memoryReservationBytes),
    ...pidsWrites(resources),
    ...(resources.hugepages ?? []).flatMap(({ pageSize, limitBytes }) =>
      number('hugetlb', `${pageSize}.limit_in_bytes`, limitBytes),
    ),
  ];
}

/** The writes that bring resources about in a v2 cgroup. */
export function resourceWritesV2(resources: CgroupResources): readonly ResourceWrite[] {
  const write = (
    controller: string,
    file: string,
    value: string | undefined,
    optional = false,
  ): ResourceWrite[] =>
    value === undefined ? [] : [{ controller, file: `${controller}.${file}`, value, optional }];
  const limit = (value: number | undefined): string | undefined =>
    value === undefined ? undefined : value < 0 ? 'max' : String(value);
  const { cpuShares } = resources;
  return [
    ...write('cpu', 'weight', cpuShares === undefined ? undefined : String(cpuWeightOf(cpuShares))),
    ...write('cpu', 'max', cpuMaxOf(resources)),
    ...cpusetWrites(resources),
    ...write('memory', 'swap.max', swapMaxOf(resources), true),
    ...write('memory', 'max', limit(resources.memoryLimitBytes)),
    ...write('memory', 'low', limit(resources.memoryReservationBytes)),
    ...pidsWrites(resources),
    ...(resources.hugepages ?? []).flatMap(({ pageSize, limitBytes }) => [
      ...write('hugetlb', `${pageSize}.max`, limit(limitBytes)),
      ...write('hugetlb', `${pageSize}.rsvd.max`, limit(limitBytes), true),
    ]),
    ...Object.entries(resources.unified ?? {}).map(([file, value]) => unifiedWrite(file, value)),
  ];
}

/**
 * CPU shares (2 to 262144) as a v2 weight (1 to 10000), so that the usual 1024 is the usual 100:
 * the curve of github.com/opencontainers/cgroups, which runc uses since 1.3.2.
 */
export function cpuWeightOf(shares: number): number {
  if (shares <= 2) return 1;
  if (shares >= 262_144) return 10_000;
  const log = Math.log2(shares);
  // Rounded first, since the exponent of 1024 comes out a hair above 2.
  const exponent = (log * log + 125 * log) / 612 - 7 / 34;
  return Math.ceil(Number((10 ** exponent).toFixed(9)));
}

function cpuMaxOf({ cpuQuotaUs, cpuPeriodUs }: CgroupResources): string | undefined {
  if (cpuQuotaUs === undefined && cpuPeriodUs === undefined) return undefined;
  const quota = cpuQuotaUs !== undefined && cpuQuotaUs > 0 ? String(cpuQuotaUs) : 'max';
  return cpuPeriodUs === undefined ? quota : `${quota} ${String(cpuPeriodUs)}`;
}

/** v2 limits swap alone, so the limit of both needs the limit of memory. */
function swapMaxOf({
  memoryLimitBytes: memory,
  memorySwapLimitBytes: swap,
}: CgroupResources): string | undefined {
  if (swap === undefined) return memory === -1 ? 'max' : undefined;
  if (swap < 0) return 'max';
  if (memory === undefined || memory < 0 || swap < memory) {
    throw new RuntimeError(
      'InvalidArgument',
      `the limit of memory and swap together (${String(swap)}) needs a limit of memory that is not larger, not ${String(memory)}`,
    );
  }
  return String(swap - memory);
}

const cpusetWrites = ({ cpusetCpus, cpusetMems }: CgroupResources): ResourceWrite[] => [
  ...(cpusetCpus === undefined ? [] : [{ controller: 'cpuset', file: 'cpuset.cpus', value: cpusetCpus }]),
  ...(cpusetMems === undefined ? [] : [{ controller: 'cpuset', file: 'cpuset.mems', value: cpusetMems }]),
];

const pidsWrites = ({ pidsLimit }: CgroupResources): ResourceWrite[] =>
  pidsLimit === undefined
    ? []
    : [{ controller: 'pids', file: 'pids.max', value: pidsLimit < 0 ? 'max' : String(pidsLimit) }];

function unifiedWrite(file: string, value: string): ResourceWrite {
  const [controller] = file.split('.');
  if (!/^[a-z]+\.[\w.-]+$/.test(file) || controller === undefined || controller === 'cgroup') {
    throw new RuntimeError('InvalidArgument', `"${file}" is not a file of a cgroup's controller`);
  }
  return { controller, file, value };
}
