import { hostname, networkInterfaces } from 'node:os';

/** All that a client may reach the server by; the host's name comes first. */
export function namesOfNode(host: string, advertisedUrl: string | undefined): readonly [string, ...string[]] {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const advertised = advertisedUrl === undefined ? [] : [new URL(advertisedUrl).hostname];
  const names = [host, ...advertised, 'localhost', ...addresses.map(({ address }) => address)];
  const first = hostname();
  return [
    first,
    ...new Set(names.map((name) => name.replace(/^\[|\]$/g, '')).filter((name) => name !== first)),
  ];
}
