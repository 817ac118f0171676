import { type Capabilities, CAPABILITY_NAMES, type SecurityModules } from '@crihub/linux';
import { error, type Finding, ok, warning } from '../finding.ts';

/** Without these the daemon can't run a pod. */
const NEEDED = [
  'CAP_SYS_ADMIN',
  'CAP_SYS_CHROOT',
  'CAP_NET_ADMIN',
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_KILL',
  'CAP_MKNOD',
  'CAP_SETUID',
  'CAP_SETGID',
  'CAP_SETFCAP',
];

/** What goes wrong without one that is often taken away. */
const CONSEQUENCES: Readonly<Record<string, string>> = {
  CAP_SYS_RESOURCE:
    "OOM scores can't be lowered nor hard limits raised: the kernel may kill guaranteed pods as soon as others",
  CAP_SYS_PTRACE: "processes of other users can't be looked into",
  CAP_AUDIT_WRITE: "sshd and sudo in containers can't log",
};

/** @param lastCapability the highest number that the kernel knows. */
export function judgeCapabilities(
  { effective, bounding }: Capabilities,
  lastCapability: number,
  userId: number,
): readonly Finding[] {
  if (userId !== 0) {
    return [warning('capabilities', 'not asked for, as you are not root', 'run crihub doctor as root')];
  }
  const known = CAPABILITY_NAMES.slice(0, lastCapability + 1);
  const missing = known.filter((name) => !effective.has(name) || !bounding.has(name));
  if (missing.length === 0) return [ok('capabilities', `all ${String(known.length)} of the kernel`)];
  return missing.map(judgeMissing);
}

function judgeMissing(name: string): Finding {
  const message = `${name} is missing`;
  const grant = 'grant it to the unit (CapabilityBoundingSet=) or to the container that this is';
  if (NEEDED.includes(name)) return error('capabilities', message, `pods can't run without it: ${grant}`);
  const consequence = CONSEQUENCES[name] ?? "pods can't be given it, privileged ones run without it";
  return warning('capabilities', message, `${consequence}; ${grant}`);
}

export function judgeSecurityModules({ seccomp, appArmor, selinux }: SecurityModules): readonly Finding[] {
  return [
    seccomp
      ? ok('seccomp', 'system calls can be filtered')
      : error('seccomp', 'the kernel has none', 'boot a kernel with CONFIG_SECCOMP_FILTER'),
    appArmor
      ? ok('apparmor', 'on')
      : warning(
          'apparmor',
          'off',
          'pods that ask for an AppArmor profile are refused; nothing to do without such pods',
        ),
    selinux === 'permissive'
      ? warning('selinux', 'permissive', 'labels are set but nothing is enforced: setenforce 1')
      : ok('selinux', selinux === 'enforcing' ? 'enforcing' : "off, as usual outside Red Hat's kin"),
  ];
}
