import type { Resources } from '@crihub/contract';
import type { LinuxContainerResources } from '@crihub/wire/cri';
import { integer, invalid } from './check.ts';
import { defined } from './defined.ts';

const HUGEPAGE_SIZE = /^[1-9][0-9]*[KMG]B$/;
// A zero on the wire is an absent number; -1 is "unlimited" and kept.
const unlessZero = (value: bigint, field: string): number | undefined =>
  value === 0n ? undefined : integer(value, field);
const unlessEmpty = (text: string): string | undefined => (text === '' ? undefined : text);

/** Limits as the kubelet gives them; zero and empty mean "leave as it is". */
export function parseResources(wire: LinuxContainerResources | undefined, field: string): Resources {
  if (wire === undefined) return {};
  const shares = unlessZero(wire.cpuShares, `${field}.cpu_shares`);
  if (shares !== undefined && shares < 0) throw invalid(`${field}.cpu_shares is ${String(shares)}`);
  return defined({
    cpuShares: shares,
    cpuQuotaUs: unlessZero(wire.cpuQuota, `${field}.cpu_quota`),
    cpuPeriodUs: unlessZero(wire.cpuPeriod, `${field}.cpu_period`),
    cpusetCpus: unlessEmpty(wire.cpusetCpus),
    cpusetMems: unlessEmpty(wire.cpusetMems),
    memoryLimitBytes: unlessZero(wire.memoryLimitInBytes, `${field}.memory_limit_in_bytes`),
    memorySwapLimitBytes: unlessZero(wire.memorySwapLimitInBytes, `${field}.memory_swap_limit_in_bytes`),
    oomScoreAdj: parseOomScore(wire.oomScoreAdj, field),
    hugepages: parseHugepages(wire, field),
    unified: parseUnified(wire.unified, field),
  });
}

function parseOomScore(wire: bigint, field: string): number | undefined {
  const score = integer(wire, `${field}.oom_score_adj`);
  if (score < -1000 || score > 1000) {
    throw invalid(`${field}.oom_score_adj is ${String(score)}; it goes from -1000 to 1000`);
  }
  return score === 0 ? undefined : score;
}

function parseHugepages(wire: LinuxContainerResources, field: string): Resources['hugepages'] {
  if (wire.hugepageLimits.length === 0) return undefined;
  return wire.hugepageLimits.map(({ pageSize, limit }) => {
    if (!HUGEPAGE_SIZE.test(pageSize)) {
      throw invalid(`${field}.hugepage_limits has page size '${pageSize}'; it is written like 2MB`);
    }
    return { pageSize, limitBytes: integer(limit, `${field}.hugepage_limits`) };
  });
}

function parseUnified(wire: Record<string, string>, field: string): Resources['unified'] {
  const names = Object.keys(wire);
  if (names.length === 0) return undefined;
  for (const name of names) {
    if (!/^[a-z0-9_]+(\.[a-zA-Z0-9_]+)+$/.test(name)) {
      throw invalid(`${field}.unified has '${name}', which is no name of a cgroup file`);
    }
  }
  return { ...wire };
}
