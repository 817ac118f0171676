import { PodSandbox, RunPodSandboxRequest } from '@crihub/wire/cri';
import type { RemoveSandbox } from '../../lifecycle/remove-sandbox.ts';
import type { RunSandbox } from '../../lifecycle/run-sandbox.ts';
import type { StopSandbox } from '../../lifecycle/stop-sandbox.ts';
import type { UpdateResources } from '../../lifecycle/update-resources.ts';
import { isVisibleContainer } from '../../records/container-record.ts';
import { fingerprint } from '../../records/fingerprint.ts';
import type { Records } from '../../records/records.ts';
import type { SandboxRecord } from '../../records/sandbox-record.ts';
import { EncodedList } from '../lists/encoded-list.ts';
import { filterSandboxes } from '../lists/filters.ts';
import { parseResources } from '../parse/resources.ts';
import { parseSandbox } from '../parse/sandbox.ts';
import { type ImageOf, renderContainerStatus } from '../render/container.ts';
import { renderSandbox, renderSandboxStatus } from '../render/sandbox.ts';
import { sandboxInfo } from '../render/verbose.ts';
import type { CriHandlers } from '../server/index.ts';

export interface SandboxMethodDeps {
  readonly records: Records;
  readonly runSandbox: RunSandbox;
  readonly stopSandbox: StopSandbox;
  readonly removeSandbox: RemoveSandbox;
  readonly updateResources: UpdateResources;
  readonly imageOf: ImageOf;
}

type SandboxMethods = Pick<
  CriHandlers['runtime'],
  | 'RunPodSandbox'
  | 'StopPodSandbox'
  | 'RemovePodSandbox'
  | 'PodSandboxStatus'
  | 'ListPodSandbox'
  | 'StreamPodSandboxes'
  | 'UpdatePodSandboxResources'
>;

/** The RPCs about pods. */
export function sandboxMethods(deps: SandboxMethodDeps): SandboxMethods {
  const { records } = deps;
  const list = new EncodedList<SandboxRecord>((record) => PodSandbox.encode(renderSandbox(record)).finish());
  return {
    RunPodSandbox: async (request, { signal }) => {
      const print = fingerprint(RunPodSandboxRequest.encode(request).finish());
      const podSandboxId = await deps.runSandbox.run(
        parseSandbox(request.config),
        request.runtimeHandler,
        print,
        signal,
      );
      return { podSandboxId };
    },
    StopPodSandbox: async ({ podSandboxId }, { signal }) => {
      await deps.stopSandbox.stop(podSandboxId, signal);
      return {};
    },
    RemovePodSandbox: async ({ podSandboxId }, { signal }) => {
      await deps.removeSandbox.remove(podSandboxId, signal);
      return {};
    },
    PodSandboxStatus: async ({ podSandboxId, verbose }) => {
      const record = records.visibleSandbox(podSandboxId);
      const containers = records.containersOf(record.id).filter(isVisibleContainer);
      return {
        status: renderSandboxStatus(record),
        info: verbose ? sandboxInfo(record) : {},
        containersStatuses: containers.map((container) => renderContainerStatus(container, deps.imageOf)),
        timestamp: BigInt(Date.now()) * 1_000_000n,
      };
    },
    ListPodSandbox: async ({ filter }) => list.response(filterSandboxes(records, filter)),
    StreamPodSandboxes: async function* ({ filter }) {
      yield* list.chunks(filterSandboxes(records, filter));
    },
    UpdatePodSandboxResources: async ({ podSandboxId, overhead, resources }, { signal }) => {
      await deps.updateResources.sandbox(
        podSandboxId,
        parseResources(overhead, 'overhead'),
        parseResources(resources, 'resources'),
        signal,
      );
      return {};
    },
  };
}
