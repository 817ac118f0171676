import type { PodNetworkAttachment } from '@crihub/contract';

/**
 * What the network plugins hold for a pod. `owed`: ADD was begun and DEL has not succeeded, so something
 * may be allocated. `attached` implies that DEL is owed too.
 */
export type NetworkState =
  | { readonly state: 'host' }
  | { readonly state: 'none' }
  | { readonly state: 'owed'; readonly namespacePath: string }
  | {
      readonly state: 'attached';
      readonly namespacePath: string;
      readonly attachment: PodNetworkAttachment;
      /** The pod's addresses, without prefix length, the primary one first. */
      readonly ips: readonly string[];
    };

/** The addresses that the kubelet is told; none on the node's network. */
export const podIps = (network: NetworkState): readonly string[] =>
  network.state === 'attached' ? network.ips : [];
