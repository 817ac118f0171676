import type { Resources } from '@crihub/contract';
import type { LinuxContainerResources } from '@crihub/wire/cri';

/** Limits as the kubelet gave them; what was not given is zero. */
export const renderResources = (resources: Resources): LinuxContainerResources => ({
  cpuPeriod: BigInt(resources.cpuPeriodUs ?? 0),
  cpuQuota: BigInt(resources.cpuQuotaUs ?? 0),
  cpuShares: BigInt(resources.cpuShares ?? 0),
  memoryLimitInBytes: BigInt(resources.memoryLimitBytes ?? 0),
  memorySwapLimitInBytes: BigInt(resources.memorySwapLimitBytes ?? 0),
  oomScoreAdj: BigInt(resources.oomScoreAdj ?? 0),
  cpusetCpus: resources.cpusetCpus ?? '',
  cpusetMems: resources.cpusetMems ?? '',
  hugepageLimits: (resources.hugepages ?? []).map(({ pageSize, limitBytes }) => ({
    pageSize,
    limit: BigInt(limitBytes),
  })),
  unified: { ...resources.unified },
});
