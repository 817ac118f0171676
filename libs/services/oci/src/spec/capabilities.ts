import type { CapabilityChanges, ContainerSecurity } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';
import type { OciCapabilities } from '../oci-spec.ts';
import type { SpecHost } from './spec-input.ts';

const names = (text: string): readonly string[] => text.split(' ').map((name) => `CAP_${name}`);

/** Every capability that Linux has, by its number: capabilities(7). */
export const ALL_CAPABILITIES = names(
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE ' +
    'NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT ' +
    'SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE ' +
    'AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ ' +
    'PERFMON BPF CHECKPOINT_RESTORE',
);

/** What a container has that asks for nothing, as with Docker and containerd. */
export const DEFAULT_CAPABILITIES = names(
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT ' +
    'KILL AUDIT_WRITE',
);

/**
 * The capabilities of a container's processes, none of which the host lacks. The inheritable set holds
 * the ambient ones alone: more would hand them to programs with file capabilities.
 * @throws InvalidArgument for a name that Linux does not have.
 */
export function containerCapabilities(
  security: Pick<ContainerSecurity, 'privileged' | 'capabilities'>,
  host: Pick<SpecHost, 'capabilities'>,
): OciCapabilities {
  const has = (name: string): boolean => host.capabilities.includes(name);
  const ambient = expand(security.capabilities.addAmbient).filter(has);
  const base = security.privileged ? ALL_CAPABILITIES : changed(security.capabilities);
  const all = [...new Set([...base, ...ambient])].filter(has);
  return { bounding: all, effective: all, permitted: all, inheritable: ambient, ambient };
}

/** `ALL` first, then what is named: so `drop: ALL, add: KILL` leaves KILL, `add: ALL, drop: KILL` all but KILL. */
function changed({ add, drop }: CapabilityChanges): readonly string[] {
  let base = DEFAULT_CAPABILITIES;
  if (add.some(isAll)) base = ALL_CAPABILITIES;
  if (drop.some(isAll)) base = [];
  const dropped = new Set(expand(drop.filter((name) => !isAll(name))));
  const added = expand(add.filter((name) => !isAll(name)));
  return [...base, ...added].filter((name) => !dropped.has(name));
}

const isAll = (name: string): boolean => name.toUpperCase() === 'ALL';

const expand = (list: readonly string[]): readonly string[] => [
  ...new Set(list.flatMap((name) => (isAll(name) ? ALL_CAPABILITIES : [fullName(name)]))),
];

function fullName(name: string): string {
  const upper = name.toUpperCase();
  const full = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (ALL_CAPABILITIES.includes(full)) return full;
  throw new RuntimeError(
    'InvalidArgument',
    `unknown capability "${name}"; give a name of capabilities(7) such as NET_ADMIN, or ALL`,
    { operation: 'build OCI spec' },
  );
}
