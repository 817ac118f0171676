import type { Capabilities } from '@crihub/contract';
import type { HostFacts } from '@crihub/linux';
import type { RuntimeFeatures } from '../runtime/runtime-features.ts';

/** What the machine can do of what runtimes need for it. */
export interface HostFeatures {
  readonly userNamespaces: boolean;
  readonly idmappedMounts: boolean;
  readonly recursiveReadonlyMounts: boolean;
}

/** What this machine can do of what runtimes need. */
export const hostFeaturesOf = ({ trials }: Pick<HostFacts, 'trials'>): HostFeatures => ({
  userNamespaces: trials.userNamespaces.usable,
  idmappedMounts: trials.idmappedMounts.usable,
  recursiveReadonlyMounts: trials.recursiveReadOnlyMounts.usable,
});

/** What pods can have: what the machine and an OCI runtime on it both can. */
export const capabilitiesOf = (host: HostFeatures, runtime: RuntimeFeatures): Capabilities => ({
  // The pod's volumes need id-mapped mounts; without them only root file systems would work.
  userNamespaces: host.userNamespaces && host.idmappedMounts && runtime.idmappedMounts,
  userNamespacesWithHostNetwork: false,
  recursiveReadonlyMounts: host.recursiveReadonlyMounts && runtime.recursiveReadonlyMounts,
  idmappedMounts: host.idmappedMounts && runtime.idmappedMounts,
  mountOptions: true,
  bidirectionalMounts: true,
  hostNetwork: true,
  hostPid: true,
  hostIpc: true,
  sharedPid: true,
  privileged: true,
  devices: true,
  updateSandboxResources: true,
});
