import type { Mount, MountPropagation } from '@crihub/contract';
import { type Mount as WireMount, MountPropagation as Propagation } from '@crihub/wire/cri';
import { checkPath, containerPath, hostPath, invalid } from './check.ts';
import { parseMappings } from './namespaces.ts';

/** A mount as asked for: of a host path, or of an image that the hub mounts first. */
export type MountRequest = Omit<Mount, 'source'> &
  ({ readonly hostPath: string } | { readonly image: string; readonly subPath: string });

const OPTIONS = new Set(['noexec', 'nodev', 'nosuid']);
const PROPAGATIONS: Readonly<Record<number, MountPropagation | undefined>> = {
  [Propagation.PROPAGATION_PRIVATE]: 'private',
  [Propagation.PROPAGATION_HOST_TO_CONTAINER]: 'hostToContainer',
  [Propagation.PROPAGATION_BIDIRECTIONAL]: 'bidirectional',
};

export function parseMount(wire: WireMount): MountRequest {
  const destination = containerPath(wire.containerPath, 'mounts.container_path');
  const field = `mount at ${destination}`;
  const propagation = PROPAGATIONS[wire.propagation];
  if (propagation === undefined) throw invalid(`${field} has propagation ${String(wire.propagation)}`);
  checkRecursive(wire, propagation, field);
  for (const option of wire.mountOptions) {
    if (!OPTIONS.has(option))
      throw invalid(`${field} has option '${option}'; noexec, nodev and nosuid are known`);
  }
  const common = {
    destination,
    readonly: wire.readonly,
    recursiveReadonly: wire.recursiveReadOnly,
    propagation,
    selinuxRelabel: wire.selinuxRelabel,
    uidMappings: parseMappings(wire.uidMappings),
    gidMappings: parseMappings(wire.gidMappings),
    options: wire.mountOptions,
  };
  return { ...common, ...parseSource(wire, field) };
}

function parseSource(
  wire: WireMount,
  field: string,
): { readonly hostPath: string } | { readonly image: string; readonly subPath: string } {
  const image = wire.image?.image ?? '';
  if (image === '') return { hostPath: hostPath(wire.hostPath, `${field}: host_path`) };
  if (wire.hostPath !== '') throw invalid(`${field} names both a host path and an image`);
  if (!wire.readonly) throw invalid(`${field} is of an image: it must be readonly`);
  if (wire.imageSubPath !== '') checkPath(wire.imageSubPath, `${field}: image_sub_path`);
  if (wire.imageSubPath.startsWith('/')) throw invalid(`${field}: image_sub_path must be relative`);
  return { image, subPath: wire.imageSubPath };
}

function checkRecursive(wire: WireMount, propagation: MountPropagation, field: string): void {
  if (!wire.recursiveReadOnly) return;
  if (!wire.readonly) throw invalid(`${field} is recursive_read_only, but not readonly`);
  if (propagation !== 'private')
    throw invalid(`${field} is recursive_read_only: its propagation must be PRIVATE`);
}
