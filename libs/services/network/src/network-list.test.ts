import { expect, it } from 'vitest';
import {
  type NetworkList,
  parseNetworkList,
  parseSingleNetwork,
  serializeNetworkList,
} from './network-list.ts';

const list = (extra: object): string =>
  JSON.stringify({ cniVersion: '1.0.0', name: 'net', plugins: [{ type: 'bridge' }], ...extra });

it.each<[string, object, Partial<NetworkList>]>([
  ['flags are off when they are not named', {}, { disableCheck: false, disableGC: false }],
  ['flags may be booleans', { disableCheck: true, disableGC: true }, { disableCheck: true, disableGC: true }],
  ['flags may be strings, as libcni accepts them', { disableCheck: 'true' }, { disableCheck: true }],
  ['the newest common version wins', { cniVersions: ['0.4.0', '1.1.0', '9.0.0'] }, { cniVersion: '1.1.0' }],
  [
    'the version may stand in the list alone',
    { cniVersion: undefined, cniVersions: ['0.4.0'] },
    { cniVersion: '0.4.0' },
  ],
  [
    'keys of a plugin that are unknown are kept',
    { plugins: [{ type: 'a', x: { y: 1 } }] },
    { plugins: [{ type: 'a', x: { y: 1 } }] },
  ],
])('%s', (_sentence, extra, expected) => {
  expect(parseNetworkList(list(extra), 'a.conflist')).toMatchObject(expected);
});

it.each<[string, string, RegExp]>([
  ['text that is no JSON', '{', /a\.conflist is not JSON/],
  ['a list instead of an object', '[]', /not a CNI configuration/],
  ['a name that would leave the cache directory', list({ name: '../x' }), /name: must start with a letter/],
  ['a missing name', list({ name: undefined }), /name: /],
  ['a plugin without a type', list({ plugins: [{}] }), /plugins\.0\.type/],
  ['a type that is a path', list({ plugins: [{ type: '../sh' }] }), /must be the name of a program/],
  ['a version that is not known', list({ cniVersion: '0.2.0' }), /asks for CNI 0\.2\.0; known are 0\.3\.0/],
  ['no version', list({ cniVersion: undefined }), /names no cniVersion/],
  [
    'capabilities that are no flags',
    list({ plugins: [{ type: 'a', capabilities: { x: 'y' } }] }),
    /capabilities\.x/,
  ],
])('refuses %s', (_sentence, text, message) => {
  expect(() => parseNetworkList(text, 'a.conflist')).toThrow(message);
  expect(() => parseNetworkList(text, 'a.conflist')).toThrow(
    expect.objectContaining({ kind: 'InvalidArgument' }),
  );
});

it('reads a configuration of one plugin as a chain of one', () => {
  const text = JSON.stringify({ cniVersion: '0.3.1', name: 'one', type: 'ptp', mtu: 1400 });
  expect(parseSingleNetwork(text, 'a.conf')).toEqual({
    name: 'one',
    cniVersion: '0.3.1',
    disableCheck: false,
    disableGC: false,
    plugins: [{ type: 'ptp', mtu: 1400 }],
  });
  expect(() => parseSingleNetwork(list({}), 'a.conf')).toThrow(/type/);
});

it('reads back what it wrote', () => {
  const network = parseNetworkList(list({ disableGC: true, cniVersions: ['1.1.0'] }), 'a');
  expect(parseNetworkList(serializeNetworkList(network), 'b')).toEqual({
    ...network,
    loadOnlyInlinedPlugins: true,
  });
});
