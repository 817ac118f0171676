import type { CriClient } from '@crihub/tool-fixtures';
import {
  type ContainerStatus,
  ContainerStatusRequest,
  ListContainersRequest,
  ListPodSandboxRequest,
  type PodSandboxConfig,
  PodSandboxStatusRequest,
  RemoveContainerRequest,
  RemovePodSandboxRequest,
  RuntimeServiceService as runtime,
  StopContainerRequest,
  StopPodSandboxRequest,
} from '@crihub/wire/cri';

/** What the kubelet looks at of a container. */
export interface ContainerView {
  readonly status: ContainerStatus;
  /** Of its first process; undefined if it has none. */
  readonly pid: number | undefined;
}

export async function viewContainer(cri: CriClient, containerId: string): Promise<ContainerView> {
  const request = ContainerStatusRequest.create({ containerId, verbose: true });
  const { status, info } = await cri.call(runtime.containerStatus, request);
  if (status === undefined) throw new Error(`container ${containerId} has no status`);
  const { pid } = JSON.parse(info['info'] ?? '{}') as { readonly pid?: number };
  return { status, pid };
}

export async function stopContainer(
  cri: CriClient,
  containerId: string,
  graceSeconds: number,
): Promise<void> {
  const request = StopContainerRequest.create({ containerId, timeout: BigInt(graceSeconds) });
  await cri.call(runtime.stopContainer, request);
}

export async function removeContainer(cri: CriClient, containerId: string): Promise<void> {
  await cri.call(runtime.removeContainer, RemoveContainerRequest.create({ containerId }));
}

export async function stopPod(cri: CriClient, podSandboxId: string): Promise<void> {
  await cri.call(runtime.stopPodSandbox, StopPodSandboxRequest.create({ podSandboxId }));
}

export async function removeStoppedPod(cri: CriClient, podSandboxId: string): Promise<void> {
  await cri.call(runtime.removePodSandbox, RemovePodSandboxRequest.create({ podSandboxId }));
}

/** The pod's addresses, the primary one first; none on the node's network. */
export async function addressesOf(cri: CriClient, podSandboxId: string): Promise<readonly string[]> {
  const request = PodSandboxStatusRequest.create({ podSandboxId });
  const network = (await cri.call(runtime.podSandboxStatus, request)).status?.network;
  return [network?.ip ?? '', ...(network?.additionalIps ?? []).map(({ ip }) => ip)].filter((ip) => ip !== '');
}

/** The ids of all pods of this name and uid. */
export async function podsOf(cri: CriClient, { metadata }: PodSandboxConfig): Promise<readonly string[]> {
  const { items } = await cri.call(runtime.listPodSandbox, ListPodSandboxRequest.create());
  return items.filter((pod) => pod.metadata?.uid === metadata?.uid).map(({ id }) => id);
}

/** The containers of a pod by name. */
export async function containersOf(
  cri: CriClient,
  podSandboxId: string,
): Promise<ReadonlyMap<string, { readonly id: string; readonly state: number }>> {
  const request = ListContainersRequest.create({ filter: { podSandboxId } });
  const { containers } = await cri.call(runtime.listContainers, request);
  return new Map(containers.map(({ id, state, metadata }) => [metadata?.name ?? '', { id, state }]));
}
