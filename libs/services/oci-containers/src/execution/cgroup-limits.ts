import type { Resources } from '@crihub/contract';
import type { CgroupResources } from '@crihub/linux';

/** A change of limits as cgroups take it: memory alone means no swap, and an empty list is no change. */
export function cgroupLimits(resources: Resources): CgroupResources {
  const { memoryLimitBytes, memorySwapLimitBytes = memoryLimitBytes, cpusetCpus, cpusetMems } = resources;
  return {
    ...resources,
    memorySwapLimitBytes,
    cpusetCpus: cpusetCpus === '' ? undefined : cpusetCpus,
    cpusetMems: cpusetMems === '' ? undefined : cpusetMems,
  };
}
