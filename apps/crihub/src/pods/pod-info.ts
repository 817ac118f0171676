import { Semaphore } from '@crihub/kernel';
import {
  ListPodSandboxRequest,
  type PodSandbox,
  PodSandboxState,
  PodSandboxStatusRequest,
  type PodSandboxStatusResponse,
  RuntimeServiceService,
} from '@crihub/wire/cri';
import type { NodeClient } from '../client/node-client.ts';
import { unlessGone } from '../client/unless-gone.ts';

/** A pod as the operator sees it. */
export interface Pod {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly attempt: number;
  /** The handler that it was given, also where it asked for none. */
  readonly handler: string;
  readonly state: 'Ready' | 'NotReady';
  /** The primary one first; none with the node's network. */
  readonly ips: readonly string[];
  /** Nanoseconds since 1970. */
  readonly createdAt: bigint;
  readonly id: string;
}

const PARALLEL_CALLS = 16;

/** All pods, the newest first. */
export async function listPods(node: NodeClient): Promise<readonly Pod[]> {
  const { items } = await node.call(RuntimeServiceService.listPodSandbox, ListPodSandboxRequest.create());
  const calls = new Semaphore(PARALLEL_CALLS);
  const pods = await Promise.all(
    items.map(async (item) => await calls.run(async () => describePod(item, await statusOf(node, item.id)))),
  );
  return pods.toSorted((one, other) => Number(other.createdAt - one.createdAt));
}

async function statusOf(node: NodeClient, id: string): Promise<PodSandboxStatusResponse | undefined> {
  const request = PodSandboxStatusRequest.create({ podSandboxId: id, verbose: true });
  return await unlessGone(node.call(RuntimeServiceService.podSandboxStatus, request));
}

/** A pod from its row in the list and its verbose status. */
export function describePod(item: PodSandbox, answer: PodSandboxStatusResponse | undefined): Pod {
  const network = answer?.status?.network;
  return {
    name: item.metadata?.name ?? '',
    namespace: item.metadata?.namespace ?? '',
    uid: item.metadata?.uid ?? '',
    attempt: item.metadata?.attempt ?? 0,
    handler: handlerIn(answer?.info['info']) ?? item.runtimeHandler,
    state: item.state === PodSandboxState.SANDBOX_READY ? 'Ready' : 'NotReady',
    ips: [network?.ip ?? '', ...(network?.additionalIps.map(({ ip }) => ip) ?? [])].filter(Boolean),
    createdAt: item.createdAt,
    id: item.id,
  };
}

/** crihub tells it in its verbose status; other runtimes tell something else there, or nothing. */
function handlerIn(info: string | undefined): string | undefined {
  if (info === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(info);
    const isObject = typeof parsed === 'object' && parsed !== null;
    return isObject && 'handler' in parsed && typeof parsed.handler === 'string' ? parsed.handler : undefined;
  } catch {
    return undefined; // not JSON
  }
}
