import { Container, CreateContainerRequest } from '@crihub/wire/cri';
import type { CreateContainer } from '../../lifecycle/create-container.ts';
import type { ExecSync } from '../../lifecycle/exec-sync.ts';
import type { RemoveContainer } from '../../lifecycle/remove-container.ts';
import type { ReopenLog } from '../../lifecycle/reopen-log.ts';
import type { StartContainer } from '../../lifecycle/start-container.ts';
import type { StopContainer } from '../../lifecycle/stop-container.ts';
import type { UpdateResources } from '../../lifecycle/update-resources.ts';
import type { ContainerRecord } from '../../records/container-record.ts';
import { fingerprint } from '../../records/fingerprint.ts';
import type { Records } from '../../records/records.ts';
import { EncodedList } from '../lists/encoded-list.ts';
import { filterContainers } from '../lists/filters.ts';
import { integer, invalid, required } from '../parse/check.ts';
import { parseContainer } from '../parse/container.ts';
import { parseResources } from '../parse/resources.ts';
import { type ImageOf, renderContainer, renderContainerStatus } from '../render/container.ts';
import { containerInfo } from '../render/verbose.ts';
import type { CriHandlers } from '../server/index.ts';

export interface ContainerMethodDeps {
  readonly records: Records;
  readonly createContainer: CreateContainer;
  readonly startContainer: StartContainer;
  readonly stopContainer: StopContainer;
  readonly removeContainer: RemoveContainer;
  readonly updateResources: UpdateResources;
  readonly reopenLog: ReopenLog;
  readonly execSync: ExecSync;
  readonly imageOf: ImageOf;
}

type ContainerMethods = Pick<
  CriHandlers['runtime'],
  | 'CreateContainer'
  | 'StartContainer'
  | 'StopContainer'
  | 'RemoveContainer'
  | 'ListContainers'
  | 'StreamContainers'
  | 'ContainerStatus'
  | 'UpdateContainerResources'
  | 'ReopenContainerLog'
  | 'ExecSync'
>;

/** The RPCs about containers. */
export function containerMethods(deps: ContainerMethodDeps): ContainerMethods {
  const { records } = deps;
  const list = new EncodedList<ContainerRecord>((record) =>
    Container.encode(renderContainer(record)).finish(),
  );
  return {
    CreateContainer: async (request, { signal }) => {
      const { podSandboxId, config } = request;
      const print = fingerprint(CreateContainerRequest.encode(request).finish());
      return {
        containerId: await deps.createContainer.create(podSandboxId, parseContainer(config), print, signal),
      };
    },
    StartContainer: async ({ containerId }, { signal }) => {
      await deps.startContainer.start(containerId, signal);
      return {};
    },
    StopContainer: async ({ containerId, timeout }, { signal }) => {
      const grace = integer(timeout, 'timeout');
      if (grace < 0) throw invalid(`timeout is ${String(grace)} s; it can't be negative`);
      await deps.stopContainer.stop(containerId, grace, signal);
      return {};
    },
    RemoveContainer: async ({ containerId }, { signal }) => {
      await deps.removeContainer.remove(containerId, signal);
      return {};
    },
    ListContainers: async ({ filter }) => list.response(filterContainers(records, filter)),
    StreamContainers: async function* ({ filter }) {
      yield* list.chunks(filterContainers(records, filter));
    },
    ContainerStatus: async ({ containerId, verbose }) => {
      const record = records.visibleContainer(containerId);
      return {
        status: renderContainerStatus(record, deps.imageOf),
        info: verbose ? containerInfo(record) : {},
      };
    },
    UpdateContainerResources: async ({ containerId, linux }, { signal }) => {
      await deps.updateResources.container(
        containerId,
        parseResources(required(linux, 'linux'), 'linux'),
        signal,
      );
      return {};
    },
    ReopenContainerLog: async ({ containerId }, { signal }) => {
      await deps.reopenLog.reopen(containerId, signal);
      return {};
    },
    ExecSync: async ({ containerId, cmd, timeout }, { signal }) =>
      await deps.execSync.exec(containerId, cmd, integer(timeout, 'timeout'), signal),
  };
}
