import { RuntimeError } from '@crihub/kernel';
import { z } from 'zod';
import { type CniVersion, isAtLeast, isCniVersion } from './cni-version.ts';

export interface NetworkInterface {
  readonly name: string;
  readonly mac: string | undefined;
  readonly mtu: number | undefined;
  /** Path of the network namespace; `undefined` for an interface of the host. */
  readonly sandbox: string | undefined;
}

export interface NetworkAddress {
  /** Without the prefix length. */
  readonly address: string;
  /** With the prefix length: `10.88.0.2/16`. */
  readonly cidr: string;
  readonly gateway: string | undefined;
  /** Index in `interfaces`. */
  readonly interface: number | undefined;
}

export interface NetworkRoute {
  readonly destination: string;
  readonly gateway: string | undefined;
  readonly mtu: number | undefined;
}

export interface NetworkDns {
  readonly servers: readonly string[];
  readonly domain: string | undefined;
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

/** A result as plugins exchange it, with all its keys. */
export type RawResult = Readonly<Record<string, unknown>>;

/** What a chain of plugins made, whichever version of CNI it spoke. */
export interface NetworkResult {
  readonly interfaces: readonly NetworkInterface[];
  readonly ips: readonly NetworkAddress[];
  readonly routes: readonly NetworkRoute[];
  readonly dns: NetworkDns;
  /** The result in the version of the network's configuration. */
  readonly raw: RawResult;
}

// Go programs write an empty list or string as null, as "" or not at all.
const cidr = z.union([z.cidrv4(), z.cidrv6()]);
const gateway = z.union([z.ipv4(), z.ipv6(), z.literal('').transform(() => undefined)]).nullish();
const text = z.string().nullish();
const texts = z.array(z.string()).nullish();
const count = z.number().int().nonnegative().nullish();

const interfaceSchema = z.object({ name: z.string(), mac: text, mtu: count, sandbox: text });
const addressSchema = z.object({ address: cidr, gateway, interface: count });
const routeSchema = z.object({ dst: cidr, gw: gateway, mtu: count });
const dnsSchema = z.object({ nameservers: texts, domain: text, search: texts, options: texts });
const resultSchema = z.object({
  interfaces: z.array(interfaceSchema).nullish(),
  ips: z.array(addressSchema).nullish(),
  routes: z.array(routeSchema).nullish(),
  dns: dnsSchema.nullish(),
});

/**
 * Takes the JSON that a plugin printed. The shapes of CNI 0.3.0 to 1.1.0 differ only in keys that are
 * added (`mtu`) or dropped (the address family of 0.x), so one reader serves all.
 * @throws Internal with what is wrong; `origin` names who printed it.
 */
export function parseNetworkResult(json: unknown, version: CniVersion, origin: string): NetworkResult {
  const parsed = resultSchema.safeParse(json);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`);
    throw new RuntimeError('Internal', `${origin} printed no CNI result: ${issues.join('; ')}`);
  }
  const { interfaces, ips, routes, dns } = parsed.data;
  return {
    interfaces: (interfaces ?? []).map((made) => ({
      name: made.name,
      mac: made.mac || undefined,
      mtu: made.mtu || undefined,
      sandbox: made.sandbox || undefined,
    })),
    ips: (ips ?? []).map(toAddress),
    routes: (routes ?? []).map((route) => ({
      destination: route.dst,
      gateway: route.gw ?? undefined,
      mtu: route.mtu || undefined,
    })),
    dns: {
      servers: dns?.nameservers ?? [],
      domain: dns?.domain || undefined,
      searches: dns?.search ?? [],
      options: dns?.options ?? [],
    },
    raw: restateResult(json as RawResult, version, origin),
  };
}

/**
 * The same result in another version of CNI: plugins refuse a `prevResult` of a version that is not the
 * configuration's. 0.x asks for the family of each address, 1.x has no such key.
 */
export function restateResult(raw: RawResult, version: CniVersion, origin: string): RawResult {
  const written = raw['cniVersion'] ?? version;
  if (typeof written !== 'string' || !isCniVersion(written)) {
    throw new RuntimeError(
      'Internal',
      `${origin} printed a result of CNI ${JSON.stringify(written)}, not ${version}`,
    );
  }
  const { ips, ...rest } = raw;
  if (!Array.isArray(ips)) return { ...rest, cniVersion: version };
  return {
    ...rest,
    cniVersion: version,
    ips: (ips as AddressJson[]).map((ip) => restateAddress(ip, version)),
  };
}

type AddressJson = Readonly<Record<string, unknown>> & { readonly address: string };

function restateAddress(address: AddressJson, version: CniVersion): AddressJson {
  const { version: _family, ...rest } = address;
  if (isAtLeast(version, '1.0.0')) return rest;
  return { version: address.address.includes(':') ? '6' : '4', ...rest };
}

const toAddress = (made: z.output<typeof addressSchema>): NetworkAddress => ({
  address: made.address.slice(0, made.address.indexOf('/')),
  cidr: made.address,
  gateway: made.gateway ?? undefined,
  interface: made.interface ?? undefined,
});
