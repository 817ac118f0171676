import type { Resources, Sandbox } from '@crihub/contract';
import type { MachineSize } from './qemu-arguments.ts';

/** The handler's defaults, and on top the pod's limits. */
export function machineSize({ resources }: Pick<Sandbox, 'resources'>, defaults: MachineSize): MachineSize {
  const { memoryLimitBytes = 0 } = resources;
  return {
    memoryBytes: defaults.memoryBytes + Math.max(0, memoryLimitBytes),
    cpus: Math.max(defaults.cpus, cpusOf(resources)),
  };
}

/** As many processors as the quota lets run at once; 0 without one. */
export function cpusOf({ cpuQuotaUs = 0, cpuPeriodUs = 100_000 }: Resources): number {
  return cpuQuotaUs > 0 ? Math.ceil(cpuQuotaUs / cpuPeriodUs) : 0;
}
