import type { Resources } from '@crihub/contract';
import { describeError, RuntimeError } from '@crihub/kernel';
import type { Cgroups } from '../execution/executor.ts';

/** What a limit is when nobody has set it. CPU and memory sets have no such value: they stay as they are. */
const UNLIMITED: Resources = {
  cpuShares: 1024,
  cpuQuotaUs: -1,
  cpuPeriodUs: 100_000,
  memoryLimitBytes: -1,
  memorySwapLimitBytes: -1,
  pidsLimit: -1,
};

/**
 * Sets the limits of a cgroup, all of them or none: what was set before one is refused is put back.
 * @throws what refused it; Internal if putting back failed too.
 */
export async function changeLimits(
  cgroups: Cgroups,
  path: string,
  { from, to }: { readonly from: Resources; readonly to: Resources },
): Promise<void> {
  try {
    await cgroups.limit(path, to);
  } catch (refusal) {
    try {
      await cgroups.limit(path, previousLimits(from, to));
    } catch (error) {
      const story = `${describeError(refusal)}; and then the old limits could not be put back`;
      throw new RuntimeError('Internal', `${story}: ${describeError(error)}`, { cause: refusal });
    }
    throw refusal;
  }
}

/** The values before a change of what the change names. */
export function previousLimits(from: Resources, change: Resources): Resources {
  const { oomScoreAdj: _fixed, ...limits } = change;
  const before: Readonly<Record<string, unknown>> = { ...UNLIMITED, ...from };
  const names = Object.keys(limits);
  const touched = 'memoryLimitBytes' in limits ? [...names, 'memorySwapLimitBytes'] : names;
  const known = touched.filter((name) => before[name] !== undefined);
  const previous: Resources = Object.fromEntries(known.map((name) => [name, before[name]]));
  if (from.memoryLimitBytes === undefined || from.memorySwapLimitBytes !== undefined) return previous;
  return {
    ...previous,
    ...('memoryLimitBytes' in limits ? { memorySwapLimitBytes: from.memoryLimitBytes } : {}),
  };
}
