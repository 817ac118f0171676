export { Cgroups, type CgroupsOptions } from './cgroups/cgroups.ts';
export type { DeviceIo } from './cgroups/io-stats.ts';
export {
  type CgroupHierarchy,
  type CgroupLayout,
  detectCgroupLayout,
  detectHugepageSizes,
  rootOfController,
} from './cgroups/layout.ts';
export type { Pressure, PressureLine } from './cgroups/parse.ts';
export { type ProcessCgroups, processCgroups } from './cgroups/process-cgroups.ts';
export {
  type CgroupResources,
  cpuWeightOf,
  type ResourceWrite,
  resourceWritesV2,
} from './cgroups/resources.ts';
export type { CgroupStats, CpuStats, HugepageStats, MemoryStats } from './cgroups/stats.ts';
export { statsOfV2Files } from './cgroups/stats-v2.ts';
export { expandSlice, expandSystemdPath } from './cgroups/systemd-path.ts';
export { mapFile } from './files/map-file.ts';
export { readText } from './files/read-text.ts';
export { type Capabilities, CAPABILITY_NAMES } from './host/capabilities.ts';
export { type HostFacts, probeHost } from './host/host-facts.ts';
export { isAtLeast, type KernelVersion, parseKernelVersion, runningKernel } from './host/kernel-version.ts';
export { loadedAppArmorProfiles, type SecurityModules } from './host/security-modules.ts';
export type { Trial, Trials } from './host/trials.ts';
export { tryKvm } from './kvm/try-kvm.ts';
export { listMounts, type MountEntry, mountPropagationOf } from './mounts/mountinfo.ts';
export { type ChangedMount, Mounts } from './mounts/mounts.ts';
export type { ProcessMounts } from './mounts/process-mounts.ts';
export type { BindMount, MountSettings, TmpfsMount } from './mounts/operations.ts';
export type { OverlayMount } from './mounts/overlay-mount.ts';
export type { InterfaceStatistics } from './namespaces/interface-statistics.ts';
export type { InterfaceAddress } from './namespaces/network-operations.ts';
export type { NamespaceSet } from './namespaces/operations.ts';
export {
  type NewNamespaces,
  PinnedNamespaces,
  type PinnedNamespacesDependencies,
} from './namespaces/pinned-namespaces.ts';
export { namespaceOfSysctl, type Sysctls } from './namespaces/sysctls.ts';
export type { IdMapping, IdMappings, SpawnHelper } from './namespaces/user-namespace.ts';
export {
  commandLineOf,
  type DescriptorCounts,
  descriptorCountsOf,
  executableOf,
  listPids,
  threadCountOf,
} from './processes/details.ts';
export { isAlive, type ProcessRef, processRef, signalProcess } from './processes/process-ref.ts';
export { listenerOf } from './processes/listener.ts';
export { parseProcessStat, type ProcessStat, readProcessStat } from './processes/stat.ts';
export { type ProcessUsage, readProcessUsage } from './processes/usage.ts';
export { killProcessTree, processTree } from './processes/tree.ts';
export { sendDatagram } from './sockets/datagram.ts';
export { connectSeqpacket } from './sockets/seqpacket.ts';
export { SystemCallError } from './syscalls/error.ts';
export type { MountAttribute, Propagation } from './syscalls/mount.ts';
export { NamespaceWorker, type NamespaceWorkerOptions } from './worker/namespace-worker.ts';
export { SocketClaim } from './sockets/claim/socket-claim.ts';
