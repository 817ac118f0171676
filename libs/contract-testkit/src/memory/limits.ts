import type { Resources } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';

const SMALLEST_MEMORY_BYTES = 64 * 1024;
const CPUS = 64;

/** @throws InvalidArgument for a limit that no kernel would take. */
export function assertLimits(resources: Resources, id: string): void {
  const { cpusetCpus = '', memoryLimitBytes, cpuQuotaUs } = resources;
  if (cpusetCpus !== '' && !isCpuList(cpusetCpus))
    refuse(`cpuset "${cpusetCpus}" names CPUs that are not there`);
  if (memoryLimitBytes !== undefined && memoryLimitBytes > 0 && memoryLimitBytes < SMALLEST_MEMORY_BYTES) {
    refuse(`a memory limit of ${String(memoryLimitBytes)} bytes is too small to run anything`);
  }
  if (cpuQuotaUs !== undefined && cpuQuotaUs > 0 && cpuQuotaUs < 1000) {
    refuse(`a CPU quota of ${String(cpuQuotaUs)} µs is below the kernel's least, 1000`);
  }

  function refuse(sentence: string): never {
    throw new RuntimeError('InvalidArgument', sentence, { operation: 'update limits', id });
  }
}

const isCpuList = (list: string): boolean =>
  list.split(',').every((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return first !== undefined && last !== undefined && first >= 0 && first <= last && last < CPUS;
  });
