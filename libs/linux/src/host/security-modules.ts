import { readText } from '../files/read-text.ts';

const APPARMOR_PROFILES = '/sys/kernel/security/apparmor/profiles';

export interface SecurityModules {
  /** Whether system calls can be filtered. */
  readonly seccomp: boolean;
  readonly appArmor: boolean;
  readonly selinux: 'enforcing' | 'permissive' | 'disabled';
}

export async function probeSecurityModules(): Promise<SecurityModules> {
  const [actions, appArmor, enforce] = await Promise.all([
    readText('/proc/sys/kernel/seccomp/actions_avail'),
    readText('/sys/module/apparmor/parameters/enabled'),
    readText('/sys/fs/selinux/enforce'),
  ]);
  return {
    seccomp: actions !== undefined,
    appArmor: appArmor?.trim() === 'Y',
    selinux: enforce === undefined ? 'disabled' : enforce.trim() === '1' ? 'enforcing' : 'permissive',
  };
}

/** Names of the AppArmor profiles that the kernel has loaded now; none where it has no AppArmor. */
export const loadedAppArmorProfiles = async (): Promise<readonly string[]> =>
  parseAppArmorProfiles((await readText(APPARMOR_PROFILES)) ?? '');

/** Lines of `name (mode)`. */
export const parseAppArmorProfiles = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => line.replace(/ \([^()]*\)$/, ''));
