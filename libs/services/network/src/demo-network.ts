export interface DemoNetworkOptions {
  readonly name?: string;
  /** The bridge on the host; at most 15 characters. */
  readonly bridge?: string;
  readonly subnet?: string;
  /** Gives pods a second address. */
  readonly subnet6?: string;
  /** Where host-local keeps the addresses in use; its own default is `/var/lib/cni/networks`. */
  readonly dataDirectory?: string;
}

/** The content of a `.conflist`. */
export interface ConfigList {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly Readonly<Record<string, unknown>>[];
}

/**
 * A network for one node, from the plugins that every distribution has: pods on a bridge, addresses from
 * a local pool, the outside through the host's address, host ports by portmap. Between nodes it does nothing.
 */
export function demoNetwork(options: DemoNetworkOptions = {}): ConfigList {
  const { name = 'crihub', bridge = 'crihub0', subnet = '10.88.0.0/16', subnet6, dataDirectory } = options;
  const subnets = subnet6 === undefined ? [subnet] : [subnet, subnet6];
  return {
    cniVersion: '1.0.0',
    name,
    plugins: [
      {
        type: 'bridge',
        bridge,
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          ranges: subnets.map((each) => [{ subnet: each }]),
          routes: subnets.map((each) => ({ dst: each.includes(':') ? '::/0' : '0.0.0.0/0' })),
          ...(dataDirectory === undefined ? {} : { dataDir: dataDirectory }),
        },
      },
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
    ],
  };
}

/** The network of a node that has none of its own. */
export const DEMO_NETWORK: ConfigList = demoNetwork();
