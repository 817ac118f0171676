/** What a host may be asked for; `push` plays no part in pulling. */
export type Capability = 'pull' | 'resolve';

export interface HostTls {
  /** PEM. */
  readonly ca: readonly string[];
  readonly client: readonly { readonly certificate: string; readonly key: string }[];
  readonly skipVerify: boolean;
}

/** One place to fetch from: the registry itself or a mirror of it. */
export interface RegistryHost {
  /** Scheme, host, port and path up to and with `/v2`, without a slash at the end. */
  readonly baseUrl: string;
  readonly capabilities: ReadonlySet<Capability>;
  readonly tls: HostTls;
  /** Sent with every request to this host. */
  readonly headers: Readonly<Record<string, string>>;
  /** Time to connect, in ms. */
  readonly connectTimeoutMs: number;
  /** The registry that it stands for, if it is a mirror: sent as `?ns=`. */
  readonly mirrorOf: string | undefined;
}

export const ALL_CAPABILITIES: ReadonlySet<Capability> = new Set(['pull', 'resolve'] as const);
export const DEFAULT_TLS: HostTls = { ca: [], client: [], skipVerify: false };
export const DEFAULT_CONNECT_TIMEOUT_MS = 30_000;

/** The host that serves a reference's domain when nothing is configured. */
export const upstreamOf = (domain: string): string =>
  domain === 'docker.io' ? 'registry-1.docker.io' : domain;

/**
 * The hosts of a registry without configuration: HTTPS; plain HTTP on this machine itself, as in
 * containerd, since a local registry seldom has a certificate and nobody can listen in.
 */
export function defaultHosts(domain: string): readonly RegistryHost[] {
  const host = upstreamOf(domain);
  const scheme = isLoopback(host) && !host.endsWith(':443') ? 'http' : 'https';
  return [
    {
      baseUrl: `${scheme}://${host}/v2`,
      capabilities: ALL_CAPABILITIES,
      tls: DEFAULT_TLS,
      headers: {},
      connectTimeoutMs: DEFAULT_CONNECT_TIMEOUT_MS,
      mirrorOf: undefined,
    },
  ];
}

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(host);
