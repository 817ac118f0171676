import type { Resources } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';
import type { OciCpu, OciDeviceRule, OciMemory, OciResources } from '../oci-spec.ts';
import type { SpecHost } from './spec-input.ts';

type ResourceHost = Pick<SpecHost, 'cgroupVersion' | 'swapLimit' | 'hugepageLimit'>;

/**
 * `linux.resources`; values are in cgroup v1's terms, which runtimes convert for v2.
 * @throws InvalidArgument for cgroup v2 settings on a host with cgroup v1.
 */
export function ociResources(
  resources: Resources,
  devices: readonly OciDeviceRule[],
  host: ResourceHost,
): OciResources {
  const memory = memoryLimits(resources, host);
  const cpu = cpuLimits(resources);
  const { pidsLimit, hugepages = [], unified = {} } = resources;
  refuseUnified(unified, host);
  return {
    devices,
    ...(isEmpty(memory) ? {} : { memory }),
    ...(isEmpty(cpu) ? {} : { cpu }),
    ...(pidsLimit === undefined ? {} : { pids: { limit: pidsLimit } }),
    ...(hugepages.length > 0 && host.hugepageLimit
      ? { hugepageLimits: hugepages.map(({ pageSize, limitBytes }) => ({ pageSize, limit: limitBytes })) }
      : {}),
    ...(isEmpty(unified) ? {} : { unified }),
  };
}

/** A memory limit without one for swap allows no swap, rather than as much again. */
function memoryLimits(resources: Resources, host: ResourceHost): OciMemory {
  const limit = resources.memoryLimitBytes;
  const swap = resources.memorySwapLimitBytes ?? limit;
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(swap === undefined || !host.swapLimit ? {} : { swap }),
  };
}

function cpuLimits({ cpuShares, cpuQuotaUs, cpuPeriodUs, cpusetCpus, cpusetMems }: Resources): OciCpu {
  return {
    ...(cpuShares === undefined ? {} : { shares: cpuShares }),
    ...(cpuQuotaUs === undefined ? {} : { quota: cpuQuotaUs }),
    ...(cpuPeriodUs === undefined ? {} : { period: cpuPeriodUs }),
    ...(cpusetCpus === undefined || cpusetCpus === '' ? {} : { cpus: cpusetCpus }),
    ...(cpusetMems === undefined || cpusetMems === '' ? {} : { mems: cpusetMems }),
  };
}

function refuseUnified(unified: Readonly<Record<string, string>>, host: ResourceHost): void {
  if (host.cgroupVersion === 2 || isEmpty(unified)) return;
  throw new RuntimeError(
    'InvalidArgument',
    `the cgroup v2 settings ${Object.keys(unified).join(', ')} can't be applied: this host uses cgroup v1`,
    { operation: 'build OCI spec' },
  );
}

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;
