import { existsSync } from 'node:fs';
import { type HostFacts, rootOfController } from '@crihub/linux';
import { ALL_CAPABILITIES, hostArchitecture, type SeccompHost } from '@crihub/service-oci';

/** This machine as far as requests to the engine depend on it. */
export interface EngineHost extends SeccompHost {
  readonly hasAllCapabilities: boolean;
  readonly cgroupVersion: 1 | 2;
  readonly swapLimit: boolean;
  readonly apparmor: boolean;
  readonly selinux: boolean;
  readonly minOomScoreAdj: number;
  readonly recursiveReadonlyMounts: boolean;
}

/** The engine runs on this machine, with what this machine allows. For start-up. */
export function engineHostOf(facts: HostFacts): EngineHost {
  const { capabilities, security, cgroups } = facts;
  const bounding = [...capabilities.bounding];
  return {
    capabilities: bounding,
    hasAllCapabilities: ALL_CAPABILITIES.every((name) => bounding.includes(name)),
    cgroupVersion: cgroups.version === 'v2' ? 2 : 1,
    swapLimit: hasSwapLimit(facts),
    seccomp: security.seccomp,
    apparmor: security.appArmor,
    selinux: security.selinux !== 'disabled',
    minOomScoreAdj: facts.lowestOomScoreAdj,
    architecture: hostArchitecture(),
    kernelVersion: [facts.kernel.major, facts.kernel.minor],
    recursiveReadonlyMounts: facts.trials.recursiveReadOnlyMounts.usable,
  };
}

/** Kernels can be built or booted without swap accounting. */
function hasSwapLimit({ cgroups }: HostFacts): boolean {
  const memory = rootOfController(cgroups, 'memory');
  if (memory === undefined) return false;
  return cgroups.version === 'v2' || existsSync(`${memory}/memory.memsw.limit_in_bytes`);
}
