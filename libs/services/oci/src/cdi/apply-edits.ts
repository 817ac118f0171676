import { deviceNodes, deviceRule } from '../spec/devices.ts';
import type { OciHooks, OciMount, OciSpec } from '../oci-spec.ts';
import type { ResolvedDevice } from '../devices/resolved-device.ts';
import type { CdiDevice, CdiEdits } from './container-edits.ts';

/** The specification with the devices' changes made: what they name replaces what was there. */
export function applyCdiEdits(spec: OciSpec, edits: CdiEdits): OciSpec {
  const { process, linux } = spec;
  const hooks = withHooks(spec.hooks ?? {}, edits.hooks);
  const devices = edits.devices.map((device) => ownedBy(device, process.user));
  return {
    ...spec,
    process: {
      ...process,
      env: withVariables(process.env, edits.env),
      user: withGroups(process.user, edits.additionalGids),
    },
    mounts: withMounts(spec.mounts, edits.mounts),
    ...(Object.keys(hooks).length === 0 ? {} : { hooks }),
    linux: {
      ...linux,
      devices: withDevices(linux.devices, deviceNodes(devices)),
      resources: {
        ...linux.resources,
        devices: [...linux.resources.devices, ...devices.flatMap(deviceRule)],
      },
      ...(edits.intelRdt === undefined ? {} : { intelRdt: edits.intelRdt }),
    },
  };
}

const nameOf = (variable: string): string => variable.slice(0, variable.indexOf('='));

function withVariables(env: readonly string[], changes: readonly string[]): readonly string[] {
  const byName = new Map([...env, ...changes].map((variable) => [nameOf(variable), variable]));
  return [...byName.values()];
}

function withGroups(user: OciSpec['process']['user'], gids: readonly number[]): OciSpec['process']['user'] {
  if (gids.length === 0) return user;
  return { ...user, additionalGids: [...new Set([...(user.additionalGids ?? []), ...gids])] };
}

/** A device that CDI gives no owner belongs to the container's user, who else could not open it. */
const ownedBy = (
  { hostPath: _, ...device }: CdiDevice,
  user: OciSpec['process']['user'],
): ResolvedDevice => ({
  ...(user.uid === 0 ? {} : { uid: user.uid }),
  ...(user.gid === 0 ? {} : { gid: user.gid }),
  ...device,
});

function withDevices(
  present: OciSpec['linux']['devices'],
  added: OciSpec['linux']['devices'],
): OciSpec['linux']['devices'] {
  return [...present.filter((old) => !added.some((device) => device.path === old.path)), ...added];
}

const withMounts = (present: readonly OciMount[], added: readonly OciMount[]): readonly OciMount[] => [
  ...present.filter((old) => !added.some((mount) => mount.destination === old.destination)),
  ...added,
];

function withHooks(present: OciHooks, added: CdiEdits['hooks']): OciHooks {
  return added.reduce<OciHooks>(
    (hooks, { name, hook }) => ({ ...hooks, [name]: [...(hooks[name] ?? []), hook] }),
    present,
  );
}
