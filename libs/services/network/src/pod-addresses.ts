import { isIPv4, isIPv6 } from 'node:net';
import { RuntimeError } from '@crihub/kernel';
import type { NetworkAddress, NetworkInterface, NetworkResult } from './network-result.ts';

/** Which address is the pod's primary one: the first of a family, or simply the first (containerd's ip_pref). */
export type IpPreference = 'ipv4' | 'ipv6' | 'cni';

/**
 * The pod's addresses, primary first. Those of other interfaces in the namespace don't count.
 * @throws Internal if there is none: the kubelet takes such a pod for one whose network failed.
 */
export function podAddresses(
  { ips, interfaces }: NetworkResult,
  interfaceName: string,
  preference: IpPreference,
): readonly NetworkAddress[] {
  const own = ips.filter((ip) => belongsTo(ip, interfaces, interfaceName));
  if (own.length === 0) {
    throw new RuntimeError('Internal', `the CNI plugins gave interface ${interfaceName} no IP address`);
  }
  if (preference === 'cni') return own;
  const isPreferred = preference === 'ipv4' ? isIPv4 : isIPv6;
  const preferred = own.find(({ address }) => isPreferred(address));
  return preferred === undefined ? own : [preferred, ...own.filter((ip) => ip !== preferred)];
}

/** The pod's own interface; plugins may leave it out of their result. */
export const podInterface = (
  { interfaces }: NetworkResult,
  interfaceName: string,
): NetworkInterface | undefined =>
  interfaces.find(({ name, sandbox }) => name === interfaceName && sandbox !== undefined);

function belongsTo(
  ip: NetworkAddress,
  interfaces: readonly NetworkInterface[],
  interfaceName: string,
): boolean {
  if (ip.interface === undefined) return true;
  const owner = interfaces[ip.interface];
  return owner?.name === interfaceName && owner.sandbox !== undefined;
}
