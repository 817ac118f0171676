import type { PodNetworkAttachment, Sandbox } from '@crihub/contract';
import { quoted } from '../guest/shell-words.ts';
import { SHARE_TAGS } from './qemu-arguments.ts';

/** Where the guest has its shares. */
export const GUEST_SHARES = { files: '/share/files', reports: '/share/reports' } as const;

const DEVICE = 'eth0';

const NANOSECONDS = 1_000_000_000n;

/** Sets the clock: an emulated one goes wrong by seconds in an hour, and a machine may have been kept for hours. */
export const clockScript = (nowNs: bigint): string =>
  `set-clock ${String(nowNs / NANOSECONDS)} ${String(nowNs % NANOSECONDS)}`;

/** Mounts what the guest shares with the host. */
export const sharesScript = (): string =>
  [
    mount(SHARE_TAGS.files, GUEST_SHARES.files, ''),
    mount(SHARE_TAGS.reports, GUEST_SHARES.reports, 'nodev,'),
  ].join('\n');

/** What makes a guest the pod's. */
export function setupScript(sandbox: Sandbox, network: PodNetworkAttachment | undefined): string {
  return [
    `hostname ${quoted(sandbox.hostname)}`,
    ...(network === undefined ? [] : networkLines(network)),
    ...Object.entries(sandbox.sysctls).map(
      ([name, value]) => `printf %s ${quoted(value)} > ${quoted(`/proc/sys/${name.replaceAll('.', '/')}`)}`,
    ),
  ].join('\n');
}

const mount = (tag: string, target: string, flags: string): string =>
  `grep -q " ${target} " /proc/mounts || ` +
  `mount -t 9p -o ${flags}trans=virtio,version=9p2000.L,msize=512000,cache=mmap ${tag} ${target}`;

function networkLines({ mac, mtu, addresses, routes }: PodNetworkAttachment): readonly string[] {
  const isV6 = (text: string): boolean => text.includes(':');
  const family = (text: string): string => (isV6(text) ? '-6 ' : '');
  return [
    `ip link set dev ${DEVICE} down`,
    `echo 0 > /proc/sys/net/ipv6/conf/${DEVICE}/accept_dad`,
    ...(mac === undefined ? [] : [`ip link set dev ${DEVICE} address ${quoted(mac)}`]),
    ...(mtu === undefined ? [] : [`ip link set dev ${DEVICE} mtu ${String(mtu)}`]),
    `ip link set dev ${DEVICE} up`,
    ...addresses.map(({ cidr }) => `ip ${family(cidr)}addr add ${quoted(cidr)} dev ${DEVICE}`),
    ...routes.map(({ destination, gateway }) => {
      const route = `ip ${family(destination)}route replace ${quoted(destination)}`;
      if (gateway === undefined) return `${route} dev ${DEVICE}`;
      // A gateway outside of the pod's subnet must be made reachable first.
      const reach = `ip ${family(gateway)}route replace ${quoted(gateway)} dev ${DEVICE}`;
      const via = `${route} via ${quoted(gateway)} dev ${DEVICE}`;
      return `${via} 2> /dev/null || { ${reach}; ${via}; }`;
    }),
  ];
}
