import { RuntimeError } from '@crihub/kernel';

/** The CRI's DNSConfig. */
export interface DnsConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

/**
 * The pod's `/etc/resolv.conf`. Without a configuration the pod resolves as the host does, so its file is
 * the host's. @throws InvalidArgument for a value that would start another word or line of the file.
 */
export function renderResolvConf(dns: DnsConfig | undefined, hostText: string): string {
  const { searches = [], servers = [], options = [] } = dns ?? {};
  for (const value of [...searches, ...servers, ...options]) requireWord(value);
  const lines = [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...servers.map((server) => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ];
  return lines.length > 0 ? `${lines.join('\n')}\n` : hostText;
}

function requireWord(value: string): void {
  if (/^\S+$/.test(value)) return;
  throw new RuntimeError(
    'InvalidArgument',
    `${JSON.stringify(value)} in the DNS configuration is not one word`,
  );
}
