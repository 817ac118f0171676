import {
  type ContainerFilter,
  ContainerState,
  type PodSandboxFilter,
  PodSandboxState,
} from '@crihub/wire/cri';
import { type ContainerRecord, isVisibleContainer } from '../../records/container-record.ts';
import type { Records } from '../../records/records.ts';
import { isVisibleSandbox, type SandboxRecord } from '../../records/sandbox-record.ts';
import { invalid } from '../parse/check.ts';
import { containerState } from '../render/container.ts';
import { sandboxState } from '../render/sandbox.ts';

/** The pods that a filter lets through; an id may be a prefix, and one that matches nothing gives nothing. */
export function filterSandboxes(
  records: Records,
  filter: Partial<PodSandboxFilter> | undefined,
): readonly SandboxRecord[] {
  const state = filter?.state?.state;
  if (state === PodSandboxState.UNRECOGNIZED) throw invalid('filter.state is not a state of a pod');
  return candidates(records.sandboxes, filter?.id).filter(
    (record) =>
      isVisibleSandbox(record) &&
      (state === undefined || sandboxState(record) === state) &&
      hasLabels(record.sandbox.labels, filter?.labelSelector),
  );
}

/** The containers that a filter lets through. */
export function filterContainers(
  records: Records,
  filter: Partial<ContainerFilter> | undefined,
): readonly ContainerRecord[] {
  const state = filter?.state?.state;
  if (state === ContainerState.UNRECOGNIZED) throw invalid('filter.state is not a state of a container');
  const podFilter = filter?.podSandboxId ?? '';
  const pod = podFilter === '' ? undefined : records.sandboxes.find(podFilter);
  if (podFilter !== '' && pod === undefined) return [];
  return candidates(records.containers, filter?.id).filter(
    (record) =>
      isVisibleContainer(record) &&
      (pod === undefined || record.sandboxId === pod.id) &&
      (state === undefined || containerState(record) === state) &&
      hasLabels(record.container.labels, filter?.labelSelector),
  );
}

function candidates<Row>(
  table: { all(): Iterable<Row>; find(id: string): Row | undefined },
  id = '',
): readonly Row[] {
  if (id === '') return [...table.all()];
  const found = table.find(id);
  return found === undefined ? [] : [found];
}

const hasLabels = (
  labels: Readonly<Record<string, string>>,
  selector: Readonly<Record<string, string>> = {},
): boolean => Object.entries(selector).every(([name, value]) => labels[name] === value);
