import type { ContainerSecurity, Sandbox, SelinuxOptions } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';
import type { SpecHost } from './spec-input.ts';

/**
 * The AppArmor profile of a container's processes.
 * @throws FailedPrecondition if a profile is asked for by name on a host without AppArmor.
 */
export function apparmorProfile(security: ContainerSecurity, host: SpecHost): string | undefined {
  const profile = security.apparmor;
  if (profile.type === 'localhost') {
    if (host.apparmor) return profile.name;
    throw new RuntimeError(
      'FailedPrecondition',
      `the AppArmor profile "${profile.name}" can't be applied: AppArmor is not enabled on this host`,
      { operation: 'build OCI spec' },
    );
  }
  const byDefault = profile.type === 'runtimeDefault' && host.apparmor && !security.privileged;
  return byDefault ? host.apparmorDefaultProfile : undefined;
}

/** The SELinux label of a container's processes; a privileged one has that of its creator unless it asks. */
export function processLabel(
  security: ContainerSecurity,
  sandbox: Sandbox,
  host: SpecHost,
): string | undefined {
  const options = security.selinux;
  if (!host.selinux || (options === undefined && security.privileged)) return undefined;
  const { user = 'system_u', role = 'system_r', type = 'container_t' } = options ?? {};
  return [user, role, type, level(options, sandbox)].join(':');
}

/** The SELinux label of the container's own mounts. */
export function mountLabel(
  security: ContainerSecurity,
  sandbox: Sandbox,
  host: SpecHost,
): string | undefined {
  if (processLabel(security, sandbox, host) === undefined) return undefined;
  return `system_u:object_r:container_file_t:${level(security.selinux, sandbox)}`;
}

/** Two of the 1024 categories, from the pod's id: all its containers share them, other pods hardly ever do. */
function level(options: SelinuxOptions | undefined, sandbox: Sandbox): string {
  if (options?.level !== undefined) return options.level;
  const [first, second] = [0, 4].map((at) => Number.parseInt(sandbox.id.slice(at, at + 4), 16) % 1024);
  const low = Math.min(first as number, second as number);
  const high = Math.max(first as number, second as number);
  return low === high ? `s0:c${String(low)}` : `s0:c${String(low)},c${String(high)}`;
}
