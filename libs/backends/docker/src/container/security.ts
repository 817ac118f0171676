import type { Container, ContainerSecurity, SelinuxOptions } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';
import {
  containerCapabilities,
  type ResolvedDevice,
  resolveSeccomp,
  serializeOci,
} from '@crihub/service-oci';
import { type ApiVersion, atLeastApi } from '@crihub/transport/docker-engine';
import type { EngineHost } from '../health/engine-host.ts';

export interface EngineSecurity {
  readonly Privileged: boolean;
  readonly CapAdd: readonly string[];
  readonly CapDrop: readonly string[];
  readonly SecurityOpt: readonly string[];
  readonly MaskedPaths: readonly string[];
  readonly ReadonlyPaths: readonly string[];
  readonly ReadonlyRootfs: boolean;
  readonly DeviceCgroupRules: readonly string[];
}

/**
 * What a container may do. Capabilities are told one by one: the engine's own defaults play no part, and
 * none is asked for that the host lacks. So a privileged container is asked for as such only where the host
 * has them all; elsewhere it gets what privileged means, piece by piece.
 */
export async function engineSecurity(
  container: Container,
  host: EngineHost,
  api: ApiVersion,
): Promise<EngineSecurity> {
  const { security } = container;
  const { privileged } = security;
  return {
    Privileged: privileged && host.hasAllCapabilities,
    CapDrop: ['ALL'],
    CapAdd: capabilities(security, host, api),
    SecurityOpt: [
      `seccomp=${await seccomp(security, host)}`,
      `no-new-privileges=${String(security.noNewPrivileges)}`,
      ...apparmor(security, host),
      ...(host.selinux ? selinux(security) : []),
    ],
    MaskedPaths: privileged ? [] : security.maskedPaths,
    ReadonlyPaths: privileged ? [] : security.readonlyPaths,
    ReadonlyRootfs: security.readonlyRootfs,
    DeviceCgroupRules: privileged ? ['a *:* rwm'] : [],
  };
}

/** Of Linux 5.8 and 5.9, which engines before API 1.42 do not know by name. */
const LATE_CAPABILITIES = ['CAP_PERFMON', 'CAP_BPF', 'CAP_CHECKPOINT_RESTORE'];

/** What an older engine does not know is left out of "all"; where it is named, the engine refuses it. */
function capabilities(security: ContainerSecurity, host: EngineHost, api: ApiVersion): readonly string[] {
  const { bounding } = containerCapabilities(security, host);
  if (atLeastApi(api, 42)) return bounding;
  const named = security.capabilities.add.map((name) => `CAP_${name.toUpperCase().replace(/^CAP_/, '')}`);
  return bounding.filter((name) => !LATE_CAPABILITIES.includes(name) || named.includes(name));
}

/** Device nodes by the paths that they have on the host. */
export const engineDevices = (
  container: Container,
  hostDevices: readonly ResolvedDevice[],
): readonly object[] => [
  ...hostDevices.map(({ path, permissions }) => device(path, path, permissions)),
  ...container.devices.map(({ hostPath, containerPath, permissions }) =>
    device(hostPath, containerPath, permissions),
  ),
];

const device = (host: string, container: string, permissions: string): object => ({
  PathOnHost: host,
  PathInContainer: container,
  CgroupPermissions: permissions,
});

/** The profile's content: the engine would look for a path on its own side. */
async function seccomp(security: ContainerSecurity, host: EngineHost): Promise<string> {
  const profile = await resolveSeccomp(security, host);
  return profile === undefined ? 'unconfined' : serializeOci(profile);
}

function apparmor({ apparmor: profile, privileged }: ContainerSecurity, host: EngineHost): readonly string[] {
  if (profile.type === 'localhost' && !host.apparmor) {
    throw new RuntimeError(
      'FailedPrecondition',
      `the AppArmor profile ${profile.name} can't be enforced: this host does not support AppArmor`,
    );
  }
  if (!host.apparmor) return [];
  if (profile.type === 'localhost') return [`apparmor=${profile.name}`];
  return profile.type === 'unconfined' || privileged ? ['apparmor=unconfined'] : [];
}

function selinux({ selinux: options, privileged }: ContainerSecurity): readonly string[] {
  if (options === undefined) return privileged ? ['label=disable'] : [];
  const fields: readonly (keyof SelinuxOptions)[] = ['user', 'role', 'type', 'level'];
  return fields.flatMap((field) => {
    const value = options[field];
    return value === undefined || value === '' ? [] : [`label=${field}:${value}`];
  });
}
