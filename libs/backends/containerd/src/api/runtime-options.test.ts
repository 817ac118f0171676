import { runc } from '@crihub/wire/containerd';
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

it('gives another shim the path of its file, whatever its length', () => {
  const path = `/etc/${'x'.repeat(200)}.toml`;
  const { name, options } = runtimeOf(
    choice({ runtimeType: 'io.containerd.runsc.v1', runtimeConfigPath: path }),
    ROOT,
  );
  expect([name, options?.typeUrl]).toEqual(['io.containerd.runsc.v1', 'runtimeoptions.v1.Options']);
  // Field 2, of length 210 as a varint of two bytes.
  expect(options?.value).toEqual(Buffer.concat([Buffer.of(0x12, 0xd2, 0x01), Buffer.from(path)]));
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
  ['an unknown option', { snapshoter: 'overlayfs' }],
])('refuses %s', (_sentence, options) => {
  expect(containerdOptions.safeParse(options).success).toBe(false);
});
