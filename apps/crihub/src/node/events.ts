import {
  type ContainerEventResponse,
  ContainerEventType,
  GetEventsRequest,
  RuntimeServiceService,
} from '@crihub/wire/cri';
import type { NodeClient } from '../client/node-client.ts';
import { listContainers } from '../containers/container-info.ts';
import type { Context } from '../context.ts';
import { isoTime } from '../output/age.ts';
import { SHORT_ID } from '../output/short-id.ts';
import { listPods } from '../pods/pod-info.ts';
import { KnownNames, type Name } from './known-names.ts';

/** What happened to a pod or a container. */
export interface NodeEvent {
  /** ISO 8601. */
  readonly time: string | null;
  readonly type: 'created' | 'started' | 'stopped' | 'deleted' | 'unknown';
  readonly kind: Name['kind'] | 'unknown';
  readonly namespace: string;
  readonly pod: string;
  /** Empty for a pod. */
  readonly container: string;
  readonly id: string;
}

const TYPES: Readonly<Record<number, NodeEvent['type']>> = {
  [ContainerEventType.CONTAINER_CREATED_EVENT]: 'created',
  [ContainerEventType.CONTAINER_STARTED_EVENT]: 'started',
  [ContainerEventType.CONTAINER_STOPPED_EVENT]: 'stopped',
  [ContainerEventType.CONTAINER_DELETED_EVENT]: 'deleted',
};

const WIDTHS = { time: 24, type: 7, kind: 9, id: SHORT_ID };

/** `crihub events`: from now on, until the daemon stops or the operator has seen enough. */
export async function showEvents(context: Context): Promise<void> {
  const terminal = context.terminal();
  await context.withNode(async (node) => {
    const names = await namesNow(node);
    const request = GetEventsRequest.create();
    for await (const event of node.stream(RuntimeServiceService.getContainerEvents, request)) {
      const told = describeEvent(event, names);
      await terminal.print(terminal.format === 'json' ? JSON.stringify(told) : formatEvent(told));
    }
  });
}

async function namesNow(node: NodeClient): Promise<KnownNames> {
  const names = new KnownNames();
  const [pods, containers] = await Promise.all([listPods(node), listContainers(node)]);
  for (const { id, namespace, name } of pods) {
    names.add(id, { kind: 'pod', namespace, pod: name, container: '' });
  }
  for (const { id, namespace, pod, name } of containers) {
    names.add(id, { kind: 'container', namespace, pod, container: name });
  }
  return names;
}

export function describeEvent(event: ContainerEventResponse, names: KnownNames): NodeEvent {
  const type = TYPES[event.containerEventType] ?? 'unknown';
  const name = names.follow(event, type === 'deleted') ?? NAMELESS;
  return { time: isoTime(event.createdAt), type, ...name, id: event.containerId };
}

const NAMELESS = { kind: 'unknown', namespace: '', pod: '', container: '' } as const;

/** One line, aligned without knowing the next. */
export function formatEvent({ time, type, kind, namespace, pod, container, id }: NodeEvent): string {
  const name = [namespace, pod, container].filter(Boolean).join('/');
  return [
    (time ?? '-').padEnd(WIDTHS.time),
    type.padEnd(WIDTHS.type),
    kind.padEnd(WIDTHS.kind),
    id.slice(0, WIDTHS.id).padEnd(WIDTHS.id),
    name,
  ]
    .join('  ')
    .trimEnd();
}
