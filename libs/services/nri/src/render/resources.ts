import type { Resources } from '@crihub/contract';
import { type LinuxResources as WireResources, LinuxResources } from '@crihub/wire/nri';

const optional = (value: number | undefined): { value: bigint } | undefined =>
  value === undefined ? undefined : { value: BigInt(value) };

export const renderResources = (resources: Resources): WireResources =>
  LinuxResources.create({
    memory: {
      limit: optional(resources.memoryLimitBytes),
      swap: optional(resources.memorySwapLimitBytes),
    },
    cpu: {
      shares: optional(resources.cpuShares),
      quota: optional(resources.cpuQuotaUs),
      period: optional(resources.cpuPeriodUs),
      cpus: resources.cpusetCpus ?? '',
      mems: resources.cpusetMems ?? '',
    },
    hugepageLimits: (resources.hugepages ?? []).map(({ pageSize, limitBytes }) => ({
      pageSize,
      limit: BigInt(limitBytes),
    })),
    unified: { ...resources.unified },
    pids: resources.pidsLimit === undefined ? undefined : { limit: BigInt(resources.pidsLimit) },
  });
