import type { Sandbox, UserNamespace } from '@crihub/contract';
import type { OciIdMapping, OciNamespace } from '../oci-spec.ts';
import type { NamespaceChoice, NamespaceChoices } from './spec-input.ts';

const KINDS = ['pid', 'network', 'ipc', 'uts', 'cgroup', 'user'] as const;

/** The mount namespace is always new; a kind that is not listed stays the host's. */
export const ociNamespaces = (choices: NamespaceChoices): readonly OciNamespace[] => [
  { type: 'mount' },
  ...KINDS.flatMap((type) => entry(type, choices[type])),
];

function entry(type: (typeof KINDS)[number], choice: NamespaceChoice): readonly OciNamespace[] {
  if (choice === 'host') return [];
  return choice === 'new' ? [{ type }] : [{ type, path: choice.path }];
}

export function ociIdMappings(mappings: UserNamespace['uids']): readonly OciIdMapping[] {
  return mappings.map(({ containerId, hostId, length }) => ({
    containerID: containerId,
    hostID: hostId,
    size: length,
  }));
}

/** The pod's mappings for `linux.uidMappings` and `gidMappings`; nothing with the host's user namespace. */
export function userMappings(
  sandbox: Sandbox,
  choice: NamespaceChoice,
): { readonly uidMappings?: readonly OciIdMapping[]; readonly gidMappings?: readonly OciIdMapping[] } {
  const user = sandbox.namespaces.user;
  if (choice === 'host' || user === undefined) return {};
  return { uidMappings: ociIdMappings(user.uids), gidMappings: ociIdMappings(user.gids) };
}
