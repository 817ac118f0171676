import { Semaphore } from '@crihub/kernel';
import {
  type Container as CriContainer,
  ContainerState,
  ContainerStatusRequest,
  ListContainersRequest,
  ListPodSandboxRequest,
  type PodSandbox,
  RuntimeServiceService,
} from '@crihub/wire/cri';
import type { NodeClient } from '../client/node-client.ts';
import { unlessGone } from '../client/unless-gone.ts';

export type State = 'Created' | 'Running' | 'Exited' | 'Unknown';

/** A container as the operator sees it. */
export interface Container {
  readonly name: string;
  readonly pod: string;
  readonly namespace: string;
  readonly podId: string;
  /** As the pod's specification names it. */
  readonly image: string;
  readonly imageId: string;
  readonly attempt: number;
  readonly state: State;
  /** Of one that has ended. */
  readonly exitCode?: number;
  /** Nanoseconds since 1970. */
  readonly createdAt: bigint;
  readonly id: string;
}

const PARALLEL_CALLS = 16;

const STATES: Readonly<Record<number, State>> = {
  [ContainerState.CONTAINER_CREATED]: 'Created',
  [ContainerState.CONTAINER_RUNNING]: 'Running',
  [ContainerState.CONTAINER_EXITED]: 'Exited',
};

/** All containers, the newest first. */
export async function listContainers(node: NodeClient): Promise<readonly Container[]> {
  const [{ containers }, { items }] = await Promise.all([
    node.call(RuntimeServiceService.listContainers, ListContainersRequest.create()),
    node.call(RuntimeServiceService.listPodSandbox, ListPodSandboxRequest.create()),
  ]);
  const pods = new Map(items.map((pod) => [pod.id, pod]));
  return containers
    .map((container) => describeContainer(container, pods.get(container.podSandboxId)))
    .toSorted((one, other) => Number(other.createdAt - one.createdAt));
}

/** The same containers, those that have ended with their exit code. */
export async function withExitCodes(
  node: NodeClient,
  containers: readonly Container[],
): Promise<readonly Container[]> {
  const calls = new Semaphore(PARALLEL_CALLS);
  return await Promise.all(
    containers.map(async (container) => {
      if (container.state !== 'Exited') return container;
      const request = ContainerStatusRequest.create({ containerId: container.id });
      const answer = await calls.run(
        async () => await unlessGone(node.call(RuntimeServiceService.containerStatus, request)),
      );
      const status = answer?.status;
      return status === undefined ? container : { ...container, exitCode: status.exitCode };
    }),
  );
}

/** A container from its row in the list and its pod's; the pod may have gone in between. */
export function describeContainer(container: CriContainer, pod: PodSandbox | undefined): Container {
  return {
    name: container.metadata?.name ?? '',
    pod: pod?.metadata?.name ?? '',
    namespace: pod?.metadata?.namespace ?? '',
    podId: container.podSandboxId,
    image: container.image?.userSpecifiedImage || (container.image?.image ?? ''),
    imageId: container.imageId || container.imageRef,
    attempt: container.metadata?.attempt ?? 0,
    state: STATES[container.state] ?? 'Unknown',
    createdAt: container.createdAt,
    id: container.id,
  };
}
