import type { Inventory, InventoryContainer, InventorySandbox } from '@crihub/contract';
import { Semaphore } from '@crihub/kernel';
import { podCgroup } from '@crihub/service-sandbox';
import type { ContainerDetails } from '@crihub/transport/docker-engine';
import { type EngineState, stateOf, writableLayerOf } from './container/container-state.ts';
import type { EngineLink } from './engine-link.ts';
import type { MemoryDeaths } from './events/memory-deaths.ts';
import { type Identity, identityOf, instanceLabel } from './identity.ts';
import { engineCgroup } from './pod-cgroups.ts';
import type { NetworkNamespaces } from './sandbox/network-namespaces.ts';
import type { StartedPods } from './sandbox/started-pods.ts';

export interface InventoryDependencies {
  readonly instance: string;
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
  readonly link: EngineLink;
  readonly networks: NetworkNamespaces;
  readonly started: StartedPods;
  readonly memoryDeaths: MemoryDeaths;
}

export interface Found {
  readonly identity: Identity;
  readonly details: ContainerDetails;
}

/** Inspections at once: the engine answers them side by side, and others want to be answered too. */
const INSPECTIONS = 8;

/** All containers of this hub as the engine knows them. */
export async function findContainers(
  { link, instance }: Pick<InventoryDependencies, 'link' | 'instance'>,
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const { containers } = link.engine;
  const listed = await containers.list([instanceLabel(instance)], signal);
  const places = new Semaphore(INSPECTIONS);
  const found = await Promise.all(
    listed.map(({ Id }) => places.run(() => containers.inspect(Id, signal), signal)),
  );
  return found.flatMap((details) => {
    const identity = details && identityOf(details.Config.Labels);
    return details === undefined || identity === undefined ? [] : [{ identity, details }];
  });
}

/** All that the engine holds of ours. */
export async function takeInventory(
  dependencies: InventoryDependencies,
  signal: AbortSignal,
): Promise<Inventory> {
  const found = await findContainers(dependencies, signal);
  const pods = found.flatMap(({ identity, details }) =>
    identity.kind === 'sandbox' ? [sandboxOf(identity, stateOf(details), dependencies)] : [],
  );
  const sandboxes = await Promise.all(pods);
  const parents = new Map(sandboxes.map(({ id, sandbox }) => [id, sandbox]));
  const containers = found.flatMap(({ identity, details }): readonly InventoryContainer[] => {
    if (identity.kind !== 'container') return [];
    const { id, sandboxId, container } = identity;
    const sandbox = parents.get(sandboxId);
    const layer = writableLayerOf(details);
    const cgroup = sandbox && engineCgroup(details.Id, sandbox, dependencies.cgroupDriver);
    return [
      {
        id,
        sandboxId,
        ...(container === undefined ? {} : { container }),
        ...(cgroup === undefined ? {} : { cgroup }),
        ...(layer === undefined ? {} : { writableLayer: layer }),
        ...progressOf(stateOf(details), dependencies.memoryDeaths.has(details.Id)),
      },
    ];
  });
  return { sandboxes, containers };
}

type Progress =
  | { readonly state: 'partial' | 'created' }
  | Pick<Extract<InventoryContainer, { state: 'running' }>, 'state' | 'pid'>
  | Pick<Extract<InventoryContainer, { state: 'exited' }>, 'state' | 'exit'>;

function progressOf(state: EngineState, lackedMemory: boolean): Progress {
  if (state.name === 'running') return { state: 'running', pid: state.pid };
  if (state.name === 'exited') {
    const oomKilled = state.exit.oomKilled || lackedMemory;
    return { state: 'exited', exit: { ...state.exit, oomKilled } };
  }
  return { state: state.name };
}

async function sandboxOf(
  { id, sandbox }: Extract<Identity, { kind: 'sandbox' }>,
  { name }: EngineState,
  { networks, started, cgroupDriver }: InventoryDependencies,
): Promise<InventorySandbox> {
  const isPinned = await networks.isPinned(id);
  return {
    id,
    state: sandboxState(name, { isPinned, isStarted: started.has(id), onNode: isOnNode(sandbox) }),
    ...(isPinned ? { networkNamespace: networks.path(id) } : {}),
    ...(sandbox === undefined ? {} : { sandbox, cgroup: podCgroup(sandbox, cgroupDriver) }),
  };
}

const isOnNode = (sandbox: InventorySandbox['sandbox']): boolean => sandbox?.namespaces.network === 'node';

function sandboxState(
  infra: EngineState['name'],
  pod: { readonly isPinned: boolean; readonly isStarted: boolean; readonly onNode: boolean },
): InventorySandbox['state'] {
  if (infra === 'partial') return 'partial';
  if (infra === 'exited') return 'stopped';
  if (pod.onNode) return infra === 'running' && pod.isStarted ? 'running' : 'prepared';
  if (infra === 'created' || !pod.isPinned) return 'partial';
  return pod.isStarted ? 'running' : 'prepared';
}
