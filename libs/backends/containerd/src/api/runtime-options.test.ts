import { runc, runtimeOptions } from '@crihub/wire/containerd';
import { expect, it } from 'vitest';
import { containerdOptions } from '../options.ts';
import { runtimeOf } from './runtime-options.ts';

const ROOT = { uid: 0, gid: 0 };
const choice = (options: object) => ({
  ...containerdOptions.parse(options),
  cgroupDriver: 'systemd' as const,
});

it("gives runc's shim its options by name", () => {
  const { name, options } = runtimeOf(choice({ runtime: 'crun' }), { uid: 65_536, gid: 131_072 });
  expect([name, options?.typeUrl]).toEqual(['io.containerd.runc.v2', 'containerd.runc.v1.Options']);
  expect(runc.Options.decode(options?.value ?? Buffer.alloc(0))).toMatchObject({
    binaryName: 'crun',
    systemdCgroup: true,
    ioUid: 65_536,
    ioGid: 131_072,
  });
});

it.each<[string, object, Partial<runtimeOptions.Options>]>([
  [
    'a file, and how to read it',
    { typeUrl: 'io.containerd.runsc.v1.options', configPath: '/etc/runsc.toml' },
    { typeUrl: 'io.containerd.runsc.v1.options', configPath: '/etc/runsc.toml' },
  ],
  ['a configuration', { configBody: 'debug = true' }, { configBody: Buffer.from('debug = true') }],
])('gives another shim %s', (_sentence, shimOptions, expected) => {
  const runtimeType = 'io.containerd.runsc.v1';
  const { name, options } = runtimeOf(choice({ runtimeType, shimOptions }), ROOT);
  expect([name, options?.typeUrl]).toEqual([runtimeType, 'runtimeoptions.v1.Options']);
  expect(runtimeOptions.Options.decode(options?.value ?? Buffer.alloc(0))).toMatchObject(expected);
});

it('gives another shim nothing if nothing is configured', () => {
  expect(runtimeOf(choice({ runtimeType: 'io.containerd.kata.v2' }), ROOT)).toEqual({
    name: 'io.containerd.kata.v2',
    options: undefined,
  });
});

it.each<[string, object]>([
  ['a relative socket path', { socketPath: 'containerd.sock' }],
  ['a namespace that containerd refuses', { namespace: 'a--b' }],
  ['a snapshotter that is not used', { snapshotter: 'native' }],
  ['options that the shim of runc does not read', { shimOptions: { configPath: '/etc/runsc.toml' } }],
  ['an OCI runtime for a shim that has its own', { runtimeType: 'io.containerd.kata.v2', runtime: 'crun' }],
  ['an unknown option', { snapshoter: 'overlayfs' }],
])('refuses %s', (_sentence, options) => {
  expect(containerdOptions.safeParse(options).success).toBe(false);
});
