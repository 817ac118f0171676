import { readText } from '../files/read-text.ts';
import { parseIoV1 } from './io-stats.ts';
import { type CgroupLayout, cgroupDirectory, rootOfController } from './layout.ts';
import { parseBigInt, parseFlatKeyed, parseIds, parseLimit, parseNumber } from './parse.ts';
import {
  type CgroupStats,
  type CpuStats,
  type HugepageStats,
  type MemoryStats,
  workingSetOf,
} from './stats.ts';

/** Reads a file of the cgroup in the hierarchy of a controller. */
type ReadFile = (controller: string, name: string) => Promise<string | undefined>;

/** Reads a cgroup in all v1 hierarchies; `undefined` if none of them has it. */
export async function readStatsV1(
  layout: CgroupLayout,
  path: string,
  hugepageSizes: readonly string[],
): Promise<CgroupStats | undefined> {
  const file: ReadFile = async (controller, name) => {
    const root = rootOfController(layout, controller);
    return root === undefined ? undefined : await readText(`${cgroupDirectory(root, path)}/${name}`);
  };
  const [cpu, memory, pidsCurrent, pidsMax, bytes, operations, processes, hugepages] = await Promise.all([
    readCpu(file),
    readMemory(file),
    file('pids', 'pids.current'),
    file('pids', 'pids.max'),
    file('blkio', 'blkio.throttle.io_service_bytes_recursive'),
    file('blkio', 'blkio.throttle.io_serviced_recursive'),
    readProcesses(file),
    Promise.all(hugepageSizes.map((pageSize) => readHugepages(file, pageSize))),
  ]);
  if (processes === undefined && memory.usage === undefined && cpu.usageNs === undefined) return undefined;
  return {
    cpu,
    memory,
    pids: { current: parseNumber(pidsCurrent), limit: parseLimit(pidsMax) },
    processes: processes === undefined ? undefined : parseIds(processes).length,
    hugepages: hugepages.filter((stats) => stats !== undefined),
    io: bytes === undefined && operations === undefined ? undefined : parseIoV1(bytes, operations),
    pressure: { cpu: undefined, memory: undefined, io: undefined },
  };
}

/** From the first hierarchy that has the cgroup: a process is in all of them, or in those that limit it. */
async function readProcesses(file: ReadFile): Promise<string | undefined> {
  for (const controller of ['pids', 'memory', 'cpu', 'name=systemd']) {
    const processes = await file(controller, 'cgroup.procs');
    if (processes !== undefined) return processes;
  }
  return undefined;
}

async function readCpu(file: ReadFile): Promise<CpuStats> {
  const [usage, user, system, statText] = await Promise.all([
    file('cpuacct', 'cpuacct.usage'),
    file('cpuacct', 'cpuacct.usage_user'),
    file('cpuacct', 'cpuacct.usage_sys'),
    file('cpu', 'cpu.stat'),
  ]);
  const stat = parseFlatKeyed(statText);
  const throttledNs = stat.get('throttled_time');
  return {
    usageNs: parseBigInt(usage),
    userNs: parseBigInt(user),
    systemNs: parseBigInt(system),
    periods: stat.get('nr_periods'),
    throttledPeriods: stat.get('nr_throttled'),
    throttledNs: throttledNs === undefined ? undefined : BigInt(throttledNs),
  };
}

async function readMemory(file: ReadFile): Promise<MemoryStats> {
  const memory = (name: string): Promise<string | undefined> => file('memory', `memory.${name}`);
  const [usageText, max, limitText, swapLimit, soft, failures, kernel, oom, statText] = await Promise.all([
    memory('usage_in_bytes'),
    memory('max_usage_in_bytes'),
    memory('limit_in_bytes'),
    memory('memsw.limit_in_bytes'),
    memory('soft_limit_in_bytes'),
    memory('failcnt'),
    memory('kmem.usage_in_bytes'),
    memory('oom_control'),
    memory('stat'),
  ]);
  const stat = parseFlatKeyed(statText);
  const usage = parseNumber(usageText);
  const limit = parseLimit(limitText);
  return {
    usage,
    workingSet: workingSetOf(usage, stat.get('total_inactive_file')),
    rss: stat.get('total_rss'),
    cache: stat.get('total_cache'),
    mappedFile: stat.get('total_mapped_file'),
    kernel: parseNumber(kernel),
    swapUsage: stat.get('total_swap'),
    limit,
    swapLimit: swapAlone(parseLimit(swapLimit), limit),
    reservation: parseLimit(soft),
    maxUsage: parseNumber(max),
    failures: parseNumber(failures),
    oomKills: parseFlatKeyed(oom).get('oom_kill'),
    pageFaults: stat.get('total_pgfault'),
    majorPageFaults: stat.get('total_pgmajfault'),
  };
}

/** v1 limits memory and swap together. */
const swapAlone = (together: number | undefined, memory: number | undefined): number | undefined =>
  together === undefined || memory === undefined ? undefined : Math.max(0, together - memory);

async function readHugepages(file: ReadFile, pageSize: string): Promise<HugepageStats | undefined> {
  const [usage, max, limit] = await Promise.all([
    file('hugetlb', `hugetlb.${pageSize}.usage_in_bytes`),
    file('hugetlb', `hugetlb.${pageSize}.max_usage_in_bytes`),
    file('hugetlb', `hugetlb.${pageSize}.limit_in_bytes`),
  ]);
  const usageBytes = parseNumber(usage);
  if (usageBytes === undefined) return undefined;
  return { pageSize, usageBytes, maxUsageBytes: parseNumber(max), limitBytes: parseLimit(limit) };
}
