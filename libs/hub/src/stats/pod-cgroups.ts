import type { Sandbox } from '@crihub/contract';
import { expandSlice } from '@crihub/linux';
import type { ContainerRecord } from '../records/container-record.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';

/** Parents of many pods, by what backends use if the kubelet names none. */
const SHARED = new Set(['', '/', '/crihub', '/crihub.slice']);

/**
 * The cgroups that together hold all of a pod: the one that the kubelet made for it, or else the sandbox's
 * own and those of its containers, none of which is below another.
 */
export function podCgroups(
  { sandbox, cgroup }: Pick<SandboxRecord, 'sandbox' | 'cgroup'>,
  containers: readonly Pick<ContainerRecord, 'cgroup'>[],
): readonly string[] {
  const parent = parentPath(sandbox.cgroupParent);
  if (isNamedFor(parent, sandbox.metadata.uid)) return [parent];
  const own = cgroup === parent || SHARED.has(cgroup ?? '') ? [] : [cgroup ?? ''];
  const paths = [...new Set([...own, ...containers.flatMap((container) => container.cgroup ?? [])])];
  return paths.filter((path) => !paths.some((other) => path.startsWith(`${other}/`)));
}

const parentPath = (cgroupParent: Sandbox['cgroupParent']): string =>
  cgroupParent.startsWith('/') || !cgroupParent.endsWith('.slice') ? cgroupParent : expandSlice(cgroupParent);

/** The kubelet's names: `…/pod<uid>`, or `…-pod<uid>.slice` with underscores for the dashes of the uid. */
function isNamedFor(path: string, uid: string): boolean {
  const name = path.replace(/\.slice$/, '');
  return uid !== '' && (name.endsWith(`pod${uid}`) || name.endsWith(`pod${uid.replaceAll('-', '_')}`));
}
