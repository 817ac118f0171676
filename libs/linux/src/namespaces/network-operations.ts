import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { setInterfaceUp, type SocketFamily, streamSocket } from '../syscalls/namespaces.ts';
import { type InterfaceStatistics, parseInterfaceStatistics } from './interface-statistics.ts';
import { type Sysctls, writeSysctls } from './sysctls.ts';
import { inNetwork } from './thread-namespaces.ts';

export interface InterfaceAddress {
  readonly interface: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly address: string;
  readonly prefixLength: number;
  readonly mac: string;
}

/** Each of these works in the network namespace that is pinned at `path`. */
interface InNetwork {
  readonly path: string;
}

export function setNetworkSysctls({ path, sysctls }: InNetwork & { readonly sysctls: Sysctls }): void {
  inNetwork(path, () => writeSysctls(sysctls, ['net']));
}

export function bringInterfaceUp({ path, name }: InNetwork & { readonly name: string }): void {
  inNetwork(path, () => setInterfaceUp(name));
}

/** The addresses of the interfaces that are up, loopback included. */
export function listAddresses({ path }: InNetwork): readonly InterfaceAddress[] {
  // libuv asks the kernel through a socket that it opens on this thread, in the namespace.
  const interfaces = inNetwork(path, () => networkInterfaces());
  return Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses.map(({ address, cidr, family, mac }) => ({
      interface: name,
      family: family === 'IPv4' ? ('ipv4' as const) : ('ipv6' as const),
      address,
      prefixLength: Number(cidr?.split('/')[1] ?? (family === 'IPv4' ? 32 : 128)),
      mac,
    })),
  );
}

export function readInterfaceStatistics({ path }: InNetwork): readonly InterfaceStatistics[] {
  // /proc/net would be the main thread's namespace.
  return parseInterfaceStatistics(inNetwork(path, () => readFileSync('/proc/thread-self/net/dev', 'utf8')));
}

/** A non-blocking stream socket that belongs to the namespace whoever uses it; the caller must close it. */
export function openSocket({ path, family }: InNetwork & { readonly family: SocketFamily }): number {
  return inNetwork(path, () => streamSocket(family));
}
