export type { Attachment, AttachmentKey } from './attachment.ts';
export { type Bandwidth, bandwidthOf } from './bandwidth.ts';
export type { PodNetworkWishes } from './capabilities.ts';
export { CniRuntime, type CniRuntimeOptions } from './cni-runtime.ts';
export { CNI_VERSIONS, type CniVersion } from './cni-version.ts';
export { type ConfigList, DEMO_NETWORK, demoNetwork, type DemoNetworkOptions } from './demo-network.ts';
export { renderHostname, renderHosts } from './host-files.ts';
export type { LoadedNetworks, NetworkProblem } from './load-network-lists.ts';
export {
  NetworkConfigs,
  type NetworkConfigsDependencies,
  type NetworkConfigsOptions,
} from './network-configs.ts';
export type { NetworkList, PluginConfig } from './network-list.ts';
export type {
  NetworkAddress,
  NetworkDns,
  NetworkInterface,
  NetworkResult,
  NetworkRoute,
} from './network-result.ts';
export type { NetworkStatus, NetworkStatusOptions } from './network-status.ts';
export { PluginError } from './plugin-failure.ts';
export type { CniCommand, CniTimeouts } from './plugin-runner.ts';
export type { IpPreference } from './pod-addresses.ts';
export { parsePodCidr } from './pod-cidr.ts';
export {
  type PodIdentity,
  PodNetwork,
  type PodNetworkOptions,
  type PodNetworkRequest,
  type PodNetworkResult,
} from './pod-network.ts';
export type { PortMapping } from './port-mapping.ts';
export { parseQuantity } from './quantity.ts';
export { type DnsConfig, renderResolvConf } from './resolv-conf.ts';
