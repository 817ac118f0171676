import { errnoCode, RuntimeError } from '@crihub/kernel';
import { readDeviceNode } from '../devices/resolve-devices.ts';
import type { ResolvedDevice } from '../devices/resolved-device.ts';
import type { OciMount } from '../oci-spec.ts';
import type { CdiDeviceNode, CdiFileEdits } from './cdi-schema.ts';
import type { CdiDevice, CdiEdits } from './container-edits.ts';

/** All edits as one, in their order, with what they leave open of device nodes taken from the host. */
export async function resolveEdits(edits: readonly CdiFileEdits[]): Promise<CdiEdits> {
  const rdt = edits.findLast(({ intelRdt }) => intelRdt !== undefined)?.intelRdt;
  return {
    env: edits.flatMap(({ env }) => env),
    devices: await Promise.all(edits.flatMap(({ deviceNodes }) => deviceNodes).map(resolveNode)),
    mounts: edits.flatMap(({ mounts }) => mounts).map(toMount),
    hooks: edits
      .flatMap(({ hooks }) => hooks)
      .map(({ hookName, ...hook }) => ({ name: hookName, hook: defined(hook) })),
    additionalGids: edits.flatMap(({ additionalGids }) => additionalGids).filter((gid) => gid !== 0),
    ...(rdt === undefined ? {} : { intelRdt: defined(rdt) }),
  };
}

async function resolveNode(node: CdiDeviceNode): Promise<CdiDevice> {
  const { path, hostPath = path, permissions, type, ...given } = node;
  const complete =
    type === 'p' || (type !== undefined && given.major !== undefined && given.minor !== undefined);
  const { type: foundType, major, minor, fileMode } = complete ? {} : await hostNode(hostPath);
  return defined({
    hostPath,
    path,
    type: type ?? foundType ?? 'c',
    major,
    minor,
    fileMode,
    ...defined(given),
    permissions: permissions === undefined || permissions === '' ? 'rwm' : permissions,
  });
}

async function hostNode(path: string): Promise<Partial<ResolvedDevice>> {
  try {
    const node = await readDeviceNode(path);
    if (node !== undefined) return node;
  } catch (cause) {
    if (errnoCode(cause) !== 'ENOENT') throw cause;
  }
  throw new RuntimeError(
    'FailedPrecondition',
    `a CDI device needs ${path}, which is no device of this host`,
    {
      operation: 'resolve CDI devices',
    },
  );
}

const toMount = ({ hostPath, containerPath, type, options }: CdiFileEdits['mounts'][number]): OciMount => ({
  destination: containerPath,
  source: hostPath,
  type: type === undefined || type === '' ? 'bind' : type,
  options,
});

type Defined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** Without the fields that are undefined. */
const defined = <T extends object>(value: T): Defined<T> =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Defined<T>;
