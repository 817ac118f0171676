import { RuntimeError } from '@crihub/kernel';

const LOCAL_NAMES = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'ff00::0\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];
// HOST_NAME_MAX of Linux.
const MAX_HOSTNAME_BYTES = 64;

/** The `/etc/hosts` of a pod whose hostname stands for its addresses. @throws InvalidArgument */
export function renderHosts(pod: { readonly hostname: string; readonly ips: readonly string[] }): string {
  requireHostname(pod.hostname);
  const own = pod.ips.map((ip) => `${ip}\t${pod.hostname}`);
  return `${[...LOCAL_NAMES, ...own].join('\n')}\n`;
}

/** The `/etc/hostname` of a pod. @throws InvalidArgument */
export function renderHostname(hostname: string): string {
  requireHostname(hostname);
  return `${hostname}\n`;
}

function requireHostname(hostname: string): void {
  if (/^\S+$/.test(hostname) && Buffer.byteLength(hostname) <= MAX_HOSTNAME_BYTES) return;
  throw new RuntimeError(
    'InvalidArgument',
    `hostname ${JSON.stringify(hostname)} is not a word of 1 to 64 bytes`,
  );
}
