import type { Resources } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';

export interface EngineResources {
  readonly CpuShares?: number;
  readonly CpuQuota?: number;
  readonly CpuPeriod?: number;
  readonly CpusetCpus?: string;
  readonly CpusetMems?: string;
  readonly Memory?: number;
  readonly MemorySwap?: number;
  readonly PidsLimit?: number;
}

/** Limits as the engine takes them, at creation and later. A memory limit without one for swap allows no swap. */
export function engineResources(resources: Resources): EngineResources {
  const { memoryLimitBytes: memory, memorySwapLimitBytes: swap = memory } = resources;
  return present({
    CpuShares: resources.cpuShares,
    CpuQuota: resources.cpuQuotaUs,
    CpuPeriod: resources.cpuPeriodUs,
    CpusetCpus: nonEmpty(resources.cpusetCpus),
    CpusetMems: nonEmpty(resources.cpusetMems),
    Memory: memory,
    MemorySwap: swap,
    PidsLimit: resources.pidsLimit,
  });
}

/** Limits that the engine does not know, to be written to the cgroup itself once it is there. */
export function kernelResources({ hugepages, unified }: Resources): Resources | undefined {
  const hasHugepages = hugepages !== undefined && hugepages.length > 0;
  const hasUnified = unified !== undefined && Object.keys(unified).length > 0;
  if (!hasHugepages && !hasUnified) return undefined;
  return { ...(hasHugepages ? { hugepages } : {}), ...(hasUnified ? { unified } : {}) };
}

/** @throws InvalidArgument for cgroup v2 settings on a host with cgroup v1. */
export function refuseUnified({ unified = {} }: Resources, cgroupVersion: 1 | 2): void {
  const names = Object.keys(unified);
  if (cgroupVersion === 2 || names.length === 0) return;
  throw new RuntimeError(
    'InvalidArgument',
    `the cgroup v2 settings ${names.join(', ')} can't be applied: this host uses cgroup v1`,
  );
}

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

type Present<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

const present = <T extends object>(value: T): Present<T> =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Present<T>;
