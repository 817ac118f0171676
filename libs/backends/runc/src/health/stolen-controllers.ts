import { readFileSync } from 'node:fs';
import type { HostFacts } from '@crihub/linux';

/** Controllers that the unified hierarchy of a host with cgroup v1 has taken; none with v2. For start-up. */
export function stolenControllersOf({ cgroups }: Pick<HostFacts, 'cgroups'>): readonly string[] {
  const unified = cgroups.version === 'v1' ? cgroups.unified : undefined;
  if (unified === undefined) return [];
  return readFileSync(`${unified}/cgroup.controllers`, 'utf8').split(/\s+/).filter(Boolean);
}
