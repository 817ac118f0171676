import type { ContainerView, PodView } from '@crihub/service-nri';
import { type ContainerRecord, isVisibleContainer } from '../records/container-record.ts';
import { podIps } from '../records/network-state.ts';
import type { Records } from '../records/records.ts';
import { isVisibleSandbox, type SandboxRecord } from '../records/sandbox-record.ts';

const STATES: Readonly<Record<ContainerRecord['phase'], ContainerView['state']>> = {
  creating: 'unknown',
  created: 'created',
  running: 'running',
  exited: 'stopped',
  removing: 'stopped',
  unknown: 'unknown',
};

export function podView({ sandbox, runtimeHandler, network, pid }: SandboxRecord): PodView {
  const namespace = network.state === 'attached' ? { networkNamespace: network.namespacePath } : {};
  return {
    sandbox,
    runtimeHandler,
    ips: podIps(network),
    ...(pid === undefined ? {} : { pid }),
    ...namespace,
  };
}

export function containerView(record: ContainerRecord): ContainerView {
  const { container, phase, resources, createdAt, startedAt, pid, cgroup, end } = record;
  return {
    container,
    state: STATES[phase],
    resources,
    createdAt,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(pid === undefined ? {} : { pid }),
    ...(cgroup === undefined ? {} : { cgroup }),
    ...(end === undefined ? {} : { end }),
  };
}

/** All pods and containers that the kubelet sees. */
export const snapshotOf = (
  records: Records,
): { pods: readonly PodView[]; containers: readonly ContainerView[] } => ({
  pods: [...records.sandboxes.all()].filter(isVisibleSandbox).map(podView),
  containers: [...records.containers.all()].filter(isVisibleContainer).map(containerView),
});
