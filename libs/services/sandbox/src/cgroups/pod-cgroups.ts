import type { Sandbox } from '@crihub/contract';
import { expandSlice, expandSystemdPath } from '@crihub/linux';
import type { ContainerId, SandboxId } from '@crihub/kernel';

/** What makes cgroups: the runtime itself, or systemd when it is asked to. */
export type CgroupDriver = 'cgroupfs' | 'systemd';

/** The pod's cgroup; a pod for which the kubelet named none gets one of its own. */
export function podCgroup(
  { id, cgroupParent }: Pick<Sandbox, 'id' | 'cgroupParent'>,
  driver: CgroupDriver,
): string {
  if (cgroupParent === '') return driver === 'systemd' ? '/crihub.slice' : `/crihub/${id.slice(0, 16)}`;
  return driver === 'systemd' ? expandSlice(cgroupParent) : cgroupParent;
}

/** The container's cgroup as its specification names it, and its path below the root. */
export function containerCgroup(
  id: ContainerId | SandboxId,
  sandbox: Pick<Sandbox, 'id' | 'cgroupParent'>,
  driver: CgroupDriver,
): { readonly specPath: string; readonly path: string } {
  if (driver === 'cgroupfs') {
    const path = `${podCgroup(sandbox, driver)}/${id}`;
    return { specPath: path, path };
  }
  const slice = sandbox.cgroupParent === '' ? 'crihub.slice' : sandbox.cgroupParent;
  const specPath = `${slice}:crihub:${id}`;
  return { specPath, path: expandSystemdPath(specPath) };
}
