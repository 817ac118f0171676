import { expect, it } from 'vitest';
import { parseNetworkResult } from './network-result.ts';
import { type IpPreference, podAddresses, podInterface } from './pod-addresses.ts';

const V4 = '10.1.0.2';
const V6 = 'fd00::2';
const result = (...ips: [string, number?][]): ReturnType<typeof parseNetworkResult> =>
  parseNetworkResult(
    {
      interfaces: [
        { name: 'eth0' },
        { name: 'eth0', mac: 'm', sandbox: '/n' },
        { name: 'net1', sandbox: '/n' },
      ],
      ips: ips.map(([address, index]) => ({
        address: `${address}/${address === V6 ? '64' : '24'}`,
        interface: index,
      })),
    },
    '1.0.0',
    'x',
  );

it.each<[string, IpPreference, [string, number?][], string[]]>([
  [
    'IPv4 first',
    'ipv4',
    [
      [V6, 1],
      [V4, 1],
    ],
    [V4, V6],
  ],
  [
    'IPv6 first',
    'ipv6',
    [
      [V4, 1],
      [V6, 1],
    ],
    [V6, V4],
  ],
  [
    'the order of the plugins',
    'cni',
    [
      [V6, 1],
      [V4, 1],
    ],
    [V6, V4],
  ],
  ['the other family if the preferred is missing', 'ipv6', [[V4, 1]], [V4]],
  ['addresses of no interface are the pod’s', 'ipv4', [[V4]], [V4]],
  [
    'other interfaces and the host’s eth0 do not count',
    'ipv4',
    [
      ['10.9.0.1', 0],
      ['10.9.0.2', 2],
      [V4, 1],
    ],
    [V4],
  ],
])('%s', (_sentence, preference, ips, expected) => {
  const addresses = podAddresses(result(...ips), 'eth0', preference);
  expect(addresses.map(({ address }) => address)).toEqual(expected);
});

it('refuses a result without an address for the pod', () => {
  expect(() => podAddresses(result(['10.9.0.1', 0], ['10.9.0.3', 7]), 'eth0', 'ipv4')).toThrow(
    /gave interface eth0 no IP/,
  );
});

it('knows the pod’s interface from the host’s of the same name', () => {
  expect(podInterface(result(), 'eth0')).toMatchObject({ mac: 'm', sandbox: '/n' });
  expect(podInterface(result(), 'eth9')).toBeUndefined();
});
