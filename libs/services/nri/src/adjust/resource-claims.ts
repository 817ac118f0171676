import type { Resources } from '@crihub/contract';
import { Field, type LinuxCPU, type LinuxMemory, type LinuxResources } from '@crihub/wire/nri';
import { type Claim, integer, invalid, unsupported } from './claim.ts';

type ResourceClaim = Claim<Resources>;

/** The claims in a plugin's limits. @throws Unimplemented for limits that crihub has no name for. */
export function resourceClaims(wire: LinuxResources | undefined): readonly ResourceClaim[] {
  if (wire === undefined) return [];
  if (wire.blockioClass !== undefined) throw unsupported('the block I/O class');
  if (wire.rdtClass !== undefined) throw unsupported('the RDT class');
  if (wire.devices.length > 0) throw unsupported("the cgroup's device rules");
  return [
    ...memoryClaims(wire.memory),
    ...cpuClaims(wire.cpu),
    ...wire.hugepageLimits.map((limit) => hugepages(limit.pageSize, limit.limit)),
    ...Object.entries(wire.unified).map(([file, value]) => unified(file, value)),
    ...number(Field.PidsLimit, 'pidsLimit', wire.pids && { value: wire.pids.limit }),
  ];
}

function memoryClaims(wire: LinuxMemory | undefined): readonly ResourceClaim[] {
  if (wire === undefined) return [];
  const { limit, swap, ...others } = wire;
  const other = Object.entries(others).find(([, value]) => value !== undefined);
  if (other !== undefined) throw unsupported(`memory.${other[0]}`);
  return [
    ...number(Field.MemLimit, 'memoryLimitBytes', limit),
    ...number(Field.MemSwapLimit, 'memorySwapLimitBytes', swap),
  ];
}

function cpuClaims(wire: LinuxCPU | undefined): readonly ResourceClaim[] {
  if (wire === undefined) return [];
  if (wire.realtimePeriod !== undefined || wire.realtimeRuntime !== undefined)
    throw unsupported('real-time CPU time');
  return [
    ...number(Field.CPUShares, 'cpuShares', wire.shares),
    ...number(Field.CPUQuota, 'cpuQuotaUs', wire.quota),
    ...number(Field.CPUPeriod, 'cpuPeriodUs', wire.period),
    ...cpuset(Field.CPUSetCPUs, 'cpusetCpus', wire.cpus),
    ...cpuset(Field.CPUSetMems, 'cpusetMems', wire.mems),
  ];
}

type NumberKey =
  'memoryLimitBytes' | 'memorySwapLimitBytes' | 'cpuShares' | 'cpuQuotaUs' | 'cpuPeriodUs' | 'pidsLimit';

function number(
  field: Field,
  name: NumberKey,
  wire: { readonly value: bigint } | undefined,
): readonly ResourceClaim[] {
  if (wire === undefined) return [];
  const value = integer(wire.value, name);
  if (value < -1) throw invalid(`${name} is ${String(value)}; -1 stands for no limit`);
  return [{ field, change: 'set', apply: (resources) => ({ ...resources, [name]: value }) }];
}

function cpuset(field: Field, name: 'cpusetCpus' | 'cpusetMems', value: string): readonly ResourceClaim[] {
  if (value === '') return [];
  if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(value))
    throw invalid(`${name} is '${value}', no list such as 0-2,7`);
  return [{ field, change: 'set', apply: (resources) => ({ ...resources, [name]: value }) }];
}

function hugepages(pageSize: string, limit: bigint): ResourceClaim {
  const limitBytes = integer(limit, `the limit of ${pageSize} pages`);
  return {
    field: Field.HugepageLimits,
    key: pageSize,
    change: 'set',
    apply: (resources) => ({
      ...resources,
      hugepages: [
        ...(resources.hugepages ?? []).filter((other) => other.pageSize !== pageSize),
        { pageSize, limitBytes },
      ],
    }),
  };
}

function unified(file: string, value: string): ResourceClaim {
  if (!/^[\w.-]+$/.test(file)) throw invalid(`unified has '${file}', which is no file of a cgroup`);
  return {
    field: Field.CgroupsUnified,
    key: file,
    change: 'set',
    apply: (resources) => ({ ...resources, unified: { ...resources.unified, [file]: value } }),
  };
}
