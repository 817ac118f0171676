import type { Sandbox } from '@crihub/contract';
import { type CgroupDriver, podCgroup } from '@crihub/service-sandbox';

type Pod = Pick<Sandbox, 'id' | 'cgroupParent'>;

/** The parent of a pod's cgroups as the engine takes it: for systemd a slice's name, else a path. */
export function engineCgroupParent(pod: Pod, driver: CgroupDriver): string {
  if (driver === 'cgroupfs') return podCgroup(pod, driver);
  return pod.cgroupParent === '' ? 'crihub.slice' : pod.cgroupParent;
}

/** The cgroup in which the engine runs one of its containers. */
export function engineCgroup(engineId: string, pod: Pod, driver: CgroupDriver): string {
  const parent = podCgroup(pod, driver);
  return driver === 'systemd' ? `${parent}/docker-${engineId}.scope` : `${parent}/${engineId}`;
}

/** The cgroup of a pod for which the kubelet named none; with systemd there is none to remove. */
export const ownCgroup = (id: Sandbox['id']): string => podCgroup({ id, cgroupParent: '' }, 'cgroupfs');
