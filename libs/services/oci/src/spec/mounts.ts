import { posix } from 'node:path';
import type { Mount, MountPropagation } from '@crihub/contract';
import type { OciMount } from '../oci-spec.ts';
import { kernelMounts } from './kernel-mounts.ts';
import { ociIdMappings } from './namespaces.ts';
import { podMounts } from './pod-mounts.ts';
import type { SpecInput } from './spec-input.ts';

const PROPAGATION: Readonly<Record<MountPropagation, string>> = {
  private: 'rprivate',
  hostToContainer: 'rslave',
  bidirectional: 'rshared',
};

/**
 * All mounts in the order in which they are made: the kernel's file systems, then the pod's files and
 * what the container asks for, parents before what lies in them. What is asked for wins: it hides the
 * kernel's file systems at and below its place, and replaces a file of the pod.
 */
export function ociMounts(input: SpecInput): readonly OciMount[] {
  const wanted = input.container.mounts.map(bindMount);
  const kernel = kernelMounts(input).filter((mount) => !wanted.some((other) => covers(other, mount)));
  const pod = podMounts(input).filter(
    (mount) => !wanted.some((other) => other.destination === mount.destination),
  );
  return [...kernel, ...[...pod, ...wanted].sort(byDepth)];
}

/** The propagation that the container's root needs so that those of its mounts can work. */
export function rootfsPropagation(mounts: readonly Mount[]): 'rshared' | 'rslave' | undefined {
  if (mounts.some((mount) => mount.propagation === 'bidirectional')) return 'rshared';
  return mounts.some((mount) => mount.propagation === 'hostToContainer') ? 'rslave' : undefined;
}

function bindMount(mount: Mount): OciMount {
  const mapped = mount.uidMappings.length > 0 || mount.gidMappings.length > 0;
  return {
    destination: normalized(mount.destination),
    type: 'bind',
    source: mount.source,
    options: [
      'rbind',
      PROPAGATION[mount.propagation],
      mount.readonly ? 'ro' : 'rw',
      ...(mount.readonly && mount.recursiveReadonly ? ['rro'] : []),
      ...(mapped ? ['idmap'] : []),
      ...mount.options,
    ],
    ...(mapped
      ? { uidMappings: ociIdMappings(mount.uidMappings), gidMappings: ociIdMappings(mount.gidMappings) }
      : {}),
  };
}

const normalized = (path: string): string => posix.resolve('/', path);

const depth = (path: string): number => (path === '/' ? 0 : path.split('/').length - 1);

const byDepth = (a: OciMount, b: OciMount): number => depth(a.destination) - depth(b.destination);

const covers = (upper: OciMount, lower: OciMount): boolean =>
  lower.destination === upper.destination || lower.destination.startsWith(`${upper.destination}/`);
