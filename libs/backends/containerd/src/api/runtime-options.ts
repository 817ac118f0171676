import { type containers, runc } from '@crihub/wire/containerd';
import { type ContainerdOptions, RUNC_SHIM } from '../options.ts';

export interface RuntimeChoice extends Pick<
  ContainerdOptions,
  'runtimeType' | 'runtime' | 'runtimeConfigPath'
> {
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
}

/**
 * The shim and its options as a container's record names them. `owner` gets the pipes of the standard
 * streams: with a user namespace, its root on the host.
 */
export function runtimeOf(
  { runtimeType, runtime, runtimeConfigPath, cgroupDriver }: RuntimeChoice,
  owner: { readonly uid: number; readonly gid: number },
): containers.Container_Runtime {
  if (runtimeType === RUNC_SHIM) {
    const options = runc.Options.create({
      binaryName: runtime,
      systemdCgroup: cgroupDriver === 'systemd',
      ioUid: owner.uid,
      ioGid: owner.gid,
    });
    const value = Buffer.from(runc.Options.encode(options).finish());
    return { name: runtimeType, options: { typeUrl: 'containerd.runc.v1.Options', value } };
  }
  if (runtimeConfigPath === undefined) return { name: runtimeType, options: undefined };
  return { name: runtimeType, options: { typeUrl: CONFIG_PATH_TYPE, value: configPath(runtimeConfigPath) } };
}

/** What shims without options of a type of their own take: `config_path` is field 2. */
const CONFIG_PATH_TYPE = 'runtimeoptions.v1.Options';

function configPath(path: string): Buffer {
  const bytes = Buffer.from(path);
  return Buffer.concat([Buffer.of(0x12, ...varint(bytes.length)), bytes]);
}

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
