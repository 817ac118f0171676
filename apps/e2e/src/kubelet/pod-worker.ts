import { createContainer, type CriClient, runPod, startContainer } from '@crihub/tool-fixtures';
import { type ContainerConfig, ContainerState, type PodSandboxConfig } from '@crihub/wire/cri';
import { containersOf, podsOf, removeContainer, removeStoppedPod, stopContainer, stopPod } from './calls.ts';

export interface PodLife {
  readonly pod: PodSandboxConfig;
  readonly containers: readonly ContainerConfig[];
  /** Grace of the containers that are stopped one by one. */
  readonly graceSeconds: number;
}

/**
 * All that a kubelet does for a pod, from its creation to its end: it goes on from whatever is there
 * already, and so can be repeated after any interruption. The last container is left to StopPodSandbox.
 */
export async function liveOut(cri: CriClient, life: PodLife): Promise<void> {
  const { pod, containers, graceSeconds } = life;
  const id = await runPod(cri, pod);
  for (const config of containers) await ensureStarted(cri, id, config, pod);
  const made = await containersOf(cri, id);
  for (const { metadata } of containers.slice(0, -1)) {
    const container = made.get(metadata?.name ?? '');
    if (container === undefined) continue;
    await stopContainer(cri, container.id, graceSeconds);
    await removeContainer(cri, container.id);
  }
  await stopPod(cri, id);
  await removeStoppedPod(cri, id);
}

/** Removes the pod if there is any of it: what a kubelet does that no longer wants it. */
export async function giveUp(cri: CriClient, pod: PodSandboxConfig): Promise<void> {
  for (const id of await podsOf(cri, pod)) {
    await stopPod(cri, id);
    await removeStoppedPod(cri, id);
  }
}

async function ensureStarted(
  cri: CriClient,
  podId: string,
  config: ContainerConfig,
  pod: PodSandboxConfig,
): Promise<void> {
  const existing = (await containersOf(cri, podId)).get(config.metadata?.name ?? '');
  const id = existing?.id ?? (await createContainer(cri, podId, config, pod));
  if (existing === undefined || existing.state === ContainerState.CONTAINER_CREATED)
    await startContainer(cri, id);
}
