import type { Sandbox } from '@crihub/contract';
import { expandSlice } from '@crihub/linux';

type Driver = 'cgroupfs' | 'systemd';
type Pod = Pick<Sandbox, 'id' | 'cgroupParent'>;

/** The parent of a pod's cgroups as the engine takes it; a pod for which the kubelet named none gets its own. */
export function engineCgroupParent({ id, cgroupParent }: Pod, driver: Driver): string {
  if (cgroupParent !== '') return cgroupParent;
  return driver === 'systemd' ? 'crihub.slice' : ownCgroup(id);
}

/** The pod's cgroup below the hierarchy's root. */
export function podCgroup(pod: Pod, driver: Driver): string {
  const parent = engineCgroupParent(pod, driver);
  return driver === 'systemd' ? expandSlice(parent) : parent;
}

/** The cgroup in which the engine runs one of its containers. */
export function engineCgroup(engineId: string, pod: Pod, driver: Driver): string {
  const parent = podCgroup(pod, driver);
  return driver === 'systemd' ? `${parent}/docker-${engineId}.scope` : `${parent}/${engineId}`;
}

/** The cgroup of a pod for which the kubelet named none; with systemd there is none to remove. */
export const ownCgroup = (id: Sandbox['id']): string => `/crihub/${id.slice(0, 16)}`;
