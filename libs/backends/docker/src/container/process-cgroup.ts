import { processCgroups } from '@crihub/linux';

/**
 * The cgroup of an engine's container, from where its first process is. `undefined` if the process has
 * ended, or is another's by now: the container's id must be in the path.
 */
export async function cgroupOfProcess(pid: number, engineId: string): Promise<string | undefined> {
  const cgroups = await processCgroups(pid);
  const paths = cgroups && [...cgroups.controllers.values(), cgroups.unified ?? ''];
  const path = paths?.find((candidate) => candidate.includes(engineId));
  if (path === undefined) return undefined;
  // It may have made cgroups of its own below.
  const segments = path.split('/');
  const last = segments.findIndex((segment) => segment.includes(engineId));
  return segments.slice(0, last + 1).join('/');
}
