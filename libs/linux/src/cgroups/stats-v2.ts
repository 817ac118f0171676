import { readText } from '../files/read-text.ts';
import { parseIoV2 } from './io-stats.ts';
import { parseFlatKeyed, parseIds, parseLimit, parseNumber, parsePressure } from './parse.ts';
import {
  type CgroupStats,
  type CpuStats,
  type HugepageStats,
  type MemoryStats,
  nanoseconds,
  workingSetOf,
} from './stats.ts';

/** Reads a v2 cgroup's directory; `undefined` if it does not exist. */
export async function readStatsV2(
  directory: string,
  hugepageSizes: readonly string[],
): Promise<CgroupStats | undefined> {
  return await statsOfV2Files((name) => readText(`${directory}/${name}`), hugepageSizes);
}

/** The figures of a v2 cgroup by its files, wherever they are; `undefined` without a `cgroup.procs`. */
export async function statsOfV2Files(
  file: ReadFile,
  hugepageSizes: readonly string[],
): Promise<CgroupStats | undefined> {
  const [processes, cpu, memory, pidsCurrent, pidsMax, io, hugepages, ...pressures] = await Promise.all([
    file('cgroup.procs'),
    file('cpu.stat'),
    readMemory(file),
    file('pids.current'),
    file('pids.max'),
    file('io.stat'),
    Promise.all(hugepageSizes.map((pageSize) => readHugepages(file, pageSize))),
    file('cpu.pressure'),
    file('memory.pressure'),
    file('io.pressure'),
  ]);
  if (processes === undefined) return undefined;
  const [cpuPressure, memoryPressure, ioPressure] = pressures.map(parsePressure);
  return {
    cpu: cpuStats(parseFlatKeyed(cpu)),
    memory,
    pids: { current: parseNumber(pidsCurrent), limit: parseLimit(pidsMax) },
    processes: parseIds(processes).length,
    hugepages: hugepages.filter((stats) => stats !== undefined),
    io: io === undefined ? undefined : parseIoV2(io),
    pressure: { cpu: cpuPressure, memory: memoryPressure, io: ioPressure },
  };
}

/** The content of a file of the cgroup, by its name. */
export type ReadFile = (name: string) => Promise<string | undefined>;

const cpuStats = (stat: ReadonlyMap<string, number>): CpuStats => ({
  usageNs: nanoseconds(stat.get('usage_usec')),
  userNs: nanoseconds(stat.get('user_usec')),
  systemNs: nanoseconds(stat.get('system_usec')),
  periods: stat.get('nr_periods'),
  throttledPeriods: stat.get('nr_throttled'),
  throttledNs: nanoseconds(stat.get('throttled_usec')),
});

async function readMemory(file: ReadFile): Promise<MemoryStats> {
  const [current, peak, max, low, swapCurrent, swapMax, statText, eventsText] = await Promise.all([
    file('memory.current'),
    file('memory.peak'),
    file('memory.max'),
    file('memory.low'),
    file('memory.swap.current'),
    file('memory.swap.max'),
    file('memory.stat'),
    file('memory.events'),
  ]);
  const stat = parseFlatKeyed(statText);
  const events = parseFlatKeyed(eventsText);
  const usage = parseNumber(current);
  return {
    usage,
    workingSet: workingSetOf(usage, stat.get('inactive_file')),
    rss: stat.get('anon'),
    cache: stat.get('file'),
    mappedFile: stat.get('file_mapped'),
    kernel: stat.get('kernel'),
    swapUsage: parseNumber(swapCurrent),
    limit: parseLimit(max),
    swapLimit: parseLimit(swapMax),
    reservation: parseLimit(low),
    maxUsage: parseNumber(peak),
    failures: events.get('max'),
    oomKills: events.get('oom_kill'),
    pageFaults: stat.get('pgfault'),
    majorPageFaults: stat.get('pgmajfault'),
  };
}

async function readHugepages(file: ReadFile, pageSize: string): Promise<HugepageStats | undefined> {
  const [current, max] = await Promise.all([
    file(`hugetlb.${pageSize}.current`),
    file(`hugetlb.${pageSize}.max`),
  ]);
  const usageBytes = parseNumber(current);
  if (usageBytes === undefined) return undefined;
  return { pageSize, usageBytes, maxUsageBytes: undefined, limitBytes: parseLimit(max) };
}
