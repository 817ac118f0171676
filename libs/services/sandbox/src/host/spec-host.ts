import { existsSync } from 'node:fs';
import { type HostFacts, rootOfController } from '@crihub/linux';
import { hostArchitecture, type SeccompHost, type SpecHost } from '@crihub/service-oci';

/** This machine as the builder of OCI specifications wants to know it. For start-up. */
export function specHostOf(facts: HostFacts): SpecHost & SeccompHost {
  const { cgroups, capabilities, security, maxOpenFiles } = facts;
  return {
    cgroupVersion: cgroups.version === 'v2' ? 2 : 1,
    capabilities: [...capabilities.bounding],
    seccomp: security.seccomp,
    apparmor: security.appArmor,
    selinux: security.selinux !== 'disabled',
    swapLimit: hasSwapLimit(facts),
    hugepageLimit: rootOfController(cgroups, 'hugetlb') !== undefined,
    minOomScoreAdj: facts.lowestOomScoreAdj,
    hardRlimits: maxOpenFiles === undefined ? {} : { RLIMIT_NOFILE: maxOpenFiles },
    architecture: hostArchitecture(),
    kernelVersion: [facts.kernel.major, facts.kernel.minor],
  };
}

/** Kernels can be built or booted without swap accounting. */
function hasSwapLimit({ cgroups }: HostFacts): boolean {
  const memory = rootOfController(cgroups, 'memory');
  if (memory === undefined) return false;
  // With v2 the root has no such file, and all kernels that run it by now count swap.
  return cgroups.version === 'v2' || existsSync(`${memory}/memory.memsw.limit_in_bytes`);
}
