import { expect, it } from 'vitest';
import type { CniVersion } from './cni-version.ts';
import { type NetworkResult, parseNetworkResult, restateResult } from './network-result.ts';

const parse = (json: unknown, version: CniVersion = '1.0.0'): NetworkResult =>
  parseNetworkResult(json, version, 'the plugin');

const INTERFACE = { name: 'eth0', mac: '02:00:00:00:00:01', sandbox: '/run/netns/a' };

it.each<[CniVersion, object, object]>([
  ['0.3.0', { version: '4' }, {}],
  ['0.3.1', { version: '4' }, {}],
  ['0.4.0', { version: '4' }, {}],
  ['1.0.0', {}, {}],
  ['1.1.0', {}, { mtu: 1400, socketPath: '/x', pciID: '' }],
])('reads a result of CNI %s', (version, family, ownKeys) => {
  const raw = {
    cniVersion: version,
    interfaces: [{ ...INTERFACE, ...ownKeys }],
    ips: [{ ...family, address: '10.1.0.2/24', gateway: '10.1.0.1', interface: 0 }],
    routes: [{ dst: '0.0.0.0/0', gw: '10.1.0.1' }],
    dns: { nameservers: ['10.1.0.53'], domain: 'x', search: ['y'], options: ['z'] },
  };
  expect(parse(raw, version)).toEqual({
    interfaces: [{ ...INTERFACE, mtu: version === '1.1.0' ? 1400 : undefined }],
    ips: [{ address: '10.1.0.2', cidr: '10.1.0.2/24', gateway: '10.1.0.1', interface: 0 }],
    routes: [{ destination: '0.0.0.0/0', gateway: '10.1.0.1', mtu: undefined }],
    dns: { servers: ['10.1.0.53'], domain: 'x', searches: ['y'], options: ['z'] },
    raw,
  });
});

const nothing = { interfaces: [], ips: [], routes: [], dns: { servers: [], searches: [], options: [] } };

it.each<[string, object, object]>([
  ['an empty result is one of nothing', {}, nothing],
  ['null stands for nothing', { interfaces: null, ips: null, routes: null, dns: null }, nothing],
  [
    'an empty gateway is none',
    { ips: [{ address: 'fd00::2/64', gateway: '' }] },
    { ips: [{ cidr: 'fd00::2/64', gateway: undefined }] },
  ],
  [
    'an interface of the host has no sandbox',
    { interfaces: [{ name: 'veth0', sandbox: '' }] },
    { interfaces: [{ sandbox: undefined }] },
  ],
])('%s', (_sentence, json, expected) => {
  expect(parse(json)).toMatchObject(expected);
});

it.each<[string, unknown, RegExp]>([
  [
    'an address without prefix length',
    { ips: [{ address: '10.0.0.1' }] },
    /the plugin printed no CNI result: ips\.0\.address/,
  ],
  ['an address that is none', { ips: [{ address: 'x/8' }] }, /ips\.0\.address/],
  ['a list of results', [], /expected object/],
  [
    'a result of a version that nobody speaks',
    { cniVersion: '0.2.0', ip4: {} },
    /printed a result of CNI "0\.2\.0"/,
  ],
  ['a negative index', { ips: [{ address: '10.0.0.1/8', interface: -1 }] }, /interface/],
])('refuses %s', (_sentence, json, message) => {
  expect(() => parse(json)).toThrow(message);
});

it('states a result in the version that the next plugin expects, and keeps unknown keys', () => {
  const old = { cniVersion: '0.4.0', ips: [{ version: '6', address: 'fd00::1/64', extra: 1 }], more: true };
  const current = { cniVersion: '1.0.0', ips: [{ address: 'fd00::1/64', extra: 1 }], more: true };
  expect(restateResult(old, '1.0.0', '')).toEqual(current);
  expect(restateResult(current, '0.4.0', '')).toEqual(old);
  expect(restateResult({ ips: [{ address: '10.0.0.1/8' }] }, '0.3.1', '')).toEqual({
    cniVersion: '0.3.1',
    ips: [{ version: '4', address: '10.0.0.1/8' }],
  });
});
