import type { AppArmorProfile, SeccompProfile, SelinuxOptions } from '@crihub/contract';
import {
  type SecurityProfile,
  SecurityProfile_ProfileType as ProfileType,
  type SELinuxOption,
} from '@crihub/wire/cri';
import { hostPath, invalid } from './check.ts';
import { defined } from './defined.ts';

/** A seccomp profile from its field, or else from the deprecated path; neither means unconfined. */
export function parseSeccomp(
  profile: SecurityProfile | undefined,
  path: string,
  field: string,
): SeccompProfile {
  if (profile === undefined) return parseSeccompPath(path, field);
  switch (profile.profileType) {
    case ProfileType.RuntimeDefault:
      return { type: 'runtimeDefault' };
    case ProfileType.Unconfined:
      return { type: 'unconfined' };
    case ProfileType.Localhost:
      return {
        type: 'localhost',
        path: hostPath(withoutPrefix(profile.localhostRef), `${field}.localhost_ref`),
      };
    default:
      throw invalid(`${field}.profile_type is ${String(profile.profileType)}, which is not known`);
  }
}

function parseSeccompPath(path: string, field: string): SeccompProfile {
  if (path === '' || path === 'unconfined') return { type: 'unconfined' };
  if (path === 'runtime/default' || path === 'docker/default') return { type: 'runtimeDefault' };
  if (!path.startsWith(LOCALHOST)) throw invalid(`${field}: '${path}' is no seccomp profile`);
  return { type: 'localhost', path: hostPath(withoutPrefix(path), field) };
}

/** An AppArmor profile from its field, or else from the deprecated string; neither means the default. */
export function parseAppArmor(
  profile: SecurityProfile | undefined,
  name: string,
  field: string,
): AppArmorProfile {
  if (profile === undefined) return parseAppArmorName(name, field);
  switch (profile.profileType) {
    case ProfileType.RuntimeDefault:
      return { type: 'runtimeDefault' };
    case ProfileType.Unconfined:
      return { type: 'unconfined' };
    case ProfileType.Localhost:
      return parseAppArmorName(`${LOCALHOST}${withoutPrefix(profile.localhostRef)}`, field);
    default:
      throw invalid(`${field}.profile_type is ${String(profile.profileType)}, which is not known`);
  }
}

function parseAppArmorName(name: string, field: string): AppArmorProfile {
  if (name === '' || name === 'runtime/default') return { type: 'runtimeDefault' };
  if (name === 'unconfined') return { type: 'unconfined' };
  if (!name.startsWith(LOCALHOST) || name === LOCALHOST) {
    throw invalid(`${field}: '${name}' is no AppArmor profile`);
  }
  return { type: 'localhost', name: withoutPrefix(name) };
}

export function parseSelinux(wire: SELinuxOption | undefined): SelinuxOptions | undefined {
  if (wire === undefined) return undefined;
  const text = (value: string): string | undefined => (value === '' ? undefined : value);
  const options = defined({
    user: text(wire.user),
    role: text(wire.role),
    type: text(wire.type),
    level: text(wire.level),
  });
  return Object.keys(options).length === 0 ? undefined : options;
}

const LOCALHOST = 'localhost/';
const withoutPrefix = (text: string): string =>
  text.startsWith(LOCALHOST) ? text.slice(LOCALHOST.length) : text;
