import { descriptorCountsOf, listPids, processCgroups, processRef, processTree } from '@crihub/linux';
import { expect } from 'vitest';
import type { TestNode } from '../node/test-node.ts';

/** What sessions must give back. */
export interface DaemonResources {
  readonly descriptors: number | undefined;
  /** The daemon and its descendants. */
  readonly processes: number;
  readonly processesOfContainer: number;
  /** URLs that still wait for a client, and open sessions of all kinds. */
  readonly tokens: number;
  readonly sessions: number;
}

export async function daemonResources(node: TestNode, containerId: string): Promise<DaemonResources> {
  const { pid } = node.daemon;
  const root = await processRef(pid);
  const metrics = await node.metrics();
  return {
    descriptors: (await descriptorCountsOf(pid))?.files,
    processes: root === undefined ? 0 : (await processTree(root)).length,
    processesOfContainer: await processesIn(containerId),
    tokens: sumOf(metrics, 'crihub_streaming_tokens'),
    sessions: sumOf(metrics, 'crihub_streaming_sessions_open'),
  };
}

/** What a later measurement has to equal, but for descriptors that idle connections have let go. */
export const atMost = (before: DaemonResources): unknown => ({
  ...before,
  descriptors: expect.toSatisfy((count: number) => count <= (before.descriptors ?? 0)) as unknown,
});

/** How many processes are in a container's cgroup. */
export async function processesIn(containerId: string): Promise<number> {
  const cgroups = await Promise.all((await listPids()).map(processCgroups));
  return cgroups.filter(
    (found) =>
      found?.controllers.get('memory')?.includes(containerId) ?? found?.unified?.includes(containerId),
  ).length;
}

/** How many processes are in the cgroup of one, itself included: engines name cgroups by ids of their own. */
export async function processesBeside(pid: number): Promise<number> {
  const [own, all] = await Promise.all([memoryCgroup(pid), listPids()]);
  const others = await Promise.all(all.map(memoryCgroup));
  return own === undefined ? 0 : others.filter((cgroup) => cgroup === own).length;
}

async function memoryCgroup(pid: number): Promise<string | undefined> {
  const found = await processCgroups(pid);
  return found?.controllers.get('memory') ?? found?.unified;
}

/** The sum of a metric over its labels. */
function sumOf(metrics: string, name: string): number {
  const values = [...metrics.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}
