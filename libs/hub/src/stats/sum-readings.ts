import type { CgroupStats } from '@crihub/linux';

/** What a pod is told to use. Limits and pressure are those of one cgroup, and have no sum. */
export type PodReading = Pick<CgroupStats, 'cpu' | 'memory' | 'pids' | 'pressure'>;

/** The sum of what several cgroups count, none of which is below another; `undefined` without any. */
export function sumReadings(readings: readonly CgroupStats[]): PodReading | undefined {
  const [first, ...others] = readings;
  if (first === undefined || others.length === 0) return first;
  return {
    cpu: sumFields(readings.map(({ cpu }) => cpu)),
    memory: {
      ...sumFields(readings.map(({ memory }) => memory)),
      limit: undefined,
      swapLimit: undefined,
      reservation: undefined,
      // Each had its peak at another time.
      maxUsage: undefined,
    },
    pids: { current: sum(readings.map(({ pids }) => pids.current)), limit: undefined },
    pressure: { cpu: undefined, memory: undefined, io: undefined },
  };
}

type Figure = number | bigint | undefined;

function sumFields<Part extends object>(parts: readonly Part[]): Part {
  const names = Object.keys(parts[0] ?? {}) as (keyof Part)[];
  return Object.fromEntries(
    names.map((name) => [name, sum(parts.map((part) => part[name] as Figure))]),
  ) as Part;
}

/** One that is unknown makes the sum unknown, rather than too small. */
function sum<Value extends Figure>(values: readonly Value[]): Value {
  return values.reduce((total, value) => {
    if (total === undefined || value === undefined) return undefined as Value;
    return ((total as number) + (value as number)) as Value;
  });
}
