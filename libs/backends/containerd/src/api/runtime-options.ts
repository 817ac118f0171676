import { type containers, runc, runtimeOptions } from '@crihub/wire/containerd';
import { type ContainerdOptions, ociRuntimeOf, RUNC_SHIM } from '../options.ts';

export interface RuntimeChoice extends Pick<ContainerdOptions, 'runtimeType' | 'runtime' | 'shimOptions'> {
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
}

/**
 * The shim and its options as a container's record names them. `owner` gets the pipes of the standard
 * streams: with a user namespace, its root on the host.
 */
export function runtimeOf(
  choice: RuntimeChoice,
  owner: { readonly uid: number; readonly gid: number },
): containers.Container_Runtime {
  const { runtimeType, shimOptions, cgroupDriver } = choice;
  if (runtimeType === RUNC_SHIM) {
    const options = runc.Options.create({
      binaryName: ociRuntimeOf(choice),
      systemdCgroup: cgroupDriver === 'systemd',
      ioUid: owner.uid,
      ioGid: owner.gid,
    });
    const value = Buffer.from(runc.Options.encode(options).finish());
    return { name: runtimeType, options: { typeUrl: 'containerd.runc.v1.Options', value } };
  }
  if (shimOptions === undefined) return { name: runtimeType, options: undefined };
  return {
    name: runtimeType,
    options: { typeUrl: 'runtimeoptions.v1.Options', value: encoded(shimOptions) },
  };
}

function encoded({
  typeUrl = '',
  configPath = '',
  configBody = '',
}: NonNullable<ContainerdOptions['shimOptions']>): Buffer {
  const options = { typeUrl, configPath, configBody: Buffer.from(configBody) };
  return Buffer.from(runtimeOptions.Options.encode(options).finish());
}
