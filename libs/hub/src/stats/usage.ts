import type { CgroupStats, Pressure, PressureLine } from '@crihub/linux';
import type {
  CpuUsage,
  IoUsage,
  MemoryUsage,
  PsiData,
  PsiStats,
  SwapUsage,
  UInt64Value,
} from '@crihub/wire/cri';

/** A figure for the wire; absent if it is unknown, and never below zero. */
export function figure(value: number | bigint | undefined): UInt64Value | undefined {
  if (value === undefined) return undefined;
  return { value: value > 0 ? BigInt(typeof value === 'number' ? Math.trunc(value) : value) : 0n };
}

/** @param timestamp when it was read, in nanoseconds since 1970. */
export function cpuUsage(
  { cpu, pressure }: Pick<CgroupStats, 'cpu' | 'pressure'>,
  timestamp: bigint,
  nanoCores: bigint | undefined,
): CpuUsage | undefined {
  if (cpu.usageNs === undefined) return undefined;
  return {
    timestamp,
    usageCoreNanoSeconds: figure(cpu.usageNs),
    usageNanoCores: figure(nanoCores),
    psi: psi(pressure.cpu),
  };
}

export function memoryUsage(
  { memory, pressure }: Pick<CgroupStats, 'memory' | 'pressure'>,
  timestamp: bigint,
): MemoryUsage | undefined {
  const { usage, workingSet, limit } = memory;
  if (usage === undefined) return undefined;
  return {
    timestamp,
    workingSetBytes: figure(workingSet),
    availableBytes: figure(difference(limit, workingSet)),
    usageBytes: figure(usage),
    rssBytes: figure(memory.rss),
    pageFaults: figure(memory.pageFaults),
    majorPageFaults: figure(memory.majorPageFaults),
    psi: psi(pressure.memory),
  };
}

export function swapUsage({ memory }: Pick<CgroupStats, 'memory'>, timestamp: bigint): SwapUsage | undefined {
  if (memory.swapUsage === undefined) return undefined;
  return {
    timestamp,
    swapAvailableBytes: figure(difference(memory.swapLimit, memory.swapUsage)),
    swapUsageBytes: figure(memory.swapUsage),
  };
}

/** Holds nothing but the pressure, so it is absent where the kernel has none. */
export const ioUsage = (
  { pressure }: Pick<CgroupStats, 'pressure'>,
  timestamp: bigint,
): IoUsage | undefined => (pressure.io === undefined ? undefined : { timestamp, psi: psi(pressure.io) });

const difference = (limit: number | undefined, used: number | undefined): number | undefined =>
  limit === undefined || used === undefined ? undefined : limit - used;

const psi = (pressure: Pressure | undefined): PsiStats | undefined =>
  pressure === undefined ? undefined : { Full: psiData(pressure.full), Some: psiData(pressure.some) };

const psiData = (line: PressureLine | undefined): PsiData | undefined =>
  line === undefined
    ? undefined
    : { Total: line.totalNs, Avg10: line.average10, Avg60: line.average60, Avg300: line.average300 };
