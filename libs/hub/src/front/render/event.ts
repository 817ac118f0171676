import { type ContainerEventResponse, ContainerEventType } from '@crihub/wire/cri';
import type { LifecycleChange, LifecycleEvent } from '../../events/lifecycle-event.ts';
import { isVisibleSandbox } from '../../records/sandbox-record.ts';
import { type ImageOf, renderContainerStatus } from './container.ts';
import { renderSandboxStatus } from './sandbox.ts';

const TYPES: Readonly<Record<LifecycleChange, ContainerEventType>> = {
  created: ContainerEventType.CONTAINER_CREATED_EVENT,
  started: ContainerEventType.CONTAINER_STARTED_EVENT,
  stopped: ContainerEventType.CONTAINER_STOPPED_EVENT,
  deleted: ContainerEventType.CONTAINER_DELETED_EVENT,
};

export const renderEvent = (event: LifecycleEvent, imageOf: ImageOf): ContainerEventResponse => ({
  containerId: event.id,
  containerEventType: TYPES[event.change],
  createdAt: event.at,
  podSandboxStatus:
    event.sandbox !== undefined && isVisibleSandbox(event.sandbox)
      ? renderSandboxStatus(event.sandbox)
      : undefined,
  containersStatuses: event.containers.map((container) => renderContainerStatus(container, imageOf)),
});
