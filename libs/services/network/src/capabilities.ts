import { bandwidthOf } from './bandwidth.ts';
import { toIpRanges } from './pod-cidr.ts';
import { type PortMapping, toCniPortMappings } from './port-mapping.ts';
import type { DnsConfig } from './resolv-conf.ts';

/** What a pod asks of its network beyond an address. */
export interface PodNetworkWishes {
  readonly portMappings?: readonly PortMapping[] | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly dns?: DnsConfig | undefined;
  /** Wanted MAC address of the pod's interface. */
  readonly mac?: string | undefined;
  readonly infinibandGuid?: string | undefined;
  /** Further names of the pod on its network. */
  readonly aliases?: readonly string[] | undefined;
  /** The pod's cgroup, relative to the cgroup root. */
  readonly cgroupPath?: string | undefined;
}

/**
 * All capability arguments that a plugin may declare interest in, by the names of CNI's CONVENTIONS.md.
 * Those without a value are absent. @throws InvalidArgument for impossible ports or bandwidths.
 */
export function capabilitiesOf(
  wishes: PodNetworkWishes,
  podSubnets: readonly string[],
): Readonly<Record<string, unknown>> {
  const { portMappings = [], annotations = {}, dns, aliases = [] } = wishes;
  const values: Record<string, unknown> = {
    portMappings: nonEmpty(toCniPortMappings(portMappings)),
    bandwidth: bandwidthOf(annotations),
    ipRanges: nonEmpty(toIpRanges(podSubnets)),
    dns: toCniDns(dns),
    mac: wishes.mac,
    infinibandGUID: wishes.infinibandGuid,
    aliases: nonEmpty(aliases),
    cgroupPath: wishes.cgroupPath,
    'io.kubernetes.cri.pod-annotations': Object.keys(annotations).length > 0 ? annotations : undefined,
  };
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && value !== ''),
  );
}

const nonEmpty = <Item>(items: readonly Item[]): readonly Item[] | undefined =>
  items.length > 0 ? items : undefined;

function toCniDns(dns: DnsConfig | undefined): unknown {
  if (dns === undefined) return undefined;
  const { servers, searches, options } = dns;
  return servers.length + searches.length + options.length === 0 ? undefined : { servers, searches, options };
}
