import {
  type NamespaceOption,
  NamespaceMode,
  type PodSandbox,
  PodSandboxState,
  type PodSandboxStatus,
} from '@crihub/wire/cri';
import { podIps } from '../../records/network-state.ts';
import type { SandboxRecord } from '../../records/sandbox-record.ts';

const MODES = {
  pod: NamespaceMode.POD,
  container: NamespaceMode.CONTAINER,
  node: NamespaceMode.NODE,
} as const;

export const sandboxState = ({ phase }: SandboxRecord): PodSandboxState =>
  phase === 'ready' ? PodSandboxState.SANDBOX_READY : PodSandboxState.SANDBOX_NOTREADY;

/** A pod as ListPodSandbox shows it. */
export const renderSandbox = (record: SandboxRecord): PodSandbox => ({
  id: record.id,
  metadata: record.sandbox.metadata,
  state: sandboxState(record),
  createdAt: record.createdAt,
  labels: { ...record.sandbox.labels },
  annotations: { ...record.sandbox.annotations },
  runtimeHandler: record.runtimeHandler,
});

/** A pod as PodSandboxStatus shows it. */
export function renderSandboxStatus(record: SandboxRecord): PodSandboxStatus {
  const [ip = '', ...additional] = podIps(record.network);
  return {
    ...renderSandbox(record),
    network:
      record.network.state === 'host'
        ? undefined
        : { ip, additionalIps: additional.map((more) => ({ ip: more })) },
    linux: { namespaces: { options: renderNamespaces(record) } },
  };
}

function renderNamespaces({ sandbox }: SandboxRecord): NamespaceOption {
  const { network, ipc, pid, user } = sandbox.namespaces;
  return {
    network: MODES[network],
    ipc: MODES[ipc],
    pid: MODES[pid],
    targetId: '',
    usernsOptions:
      user === undefined
        ? { mode: NamespaceMode.NODE, uids: [], gids: [] }
        : { mode: NamespaceMode.POD, uids: [...user.uids], gids: [...user.gids] },
  };
}
