import type { ContainerExit, Inventory, InventoryContainer, InventorySandbox } from '@crihub/contract';
import { describeError, type Logger, withDeadline } from '@crihub/kernel';
import type { NodeState } from '../lifecycle/node-state.ts';
import { type ContainerEnd, type ContainerRecord, endOfExit } from '../records/container-record.ts';
import type { NetworkState } from '../records/network-state.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import type { Handler } from '../router/handler.ts';
import { pidOf } from './decide.ts';

const INVENTORY_MS = 10_000;

/**
 * Makes records from what a backend holds, after the database was lost. A pod's addresses are those that
 * the network plugins' cache has; without them its network is owed, so that its DEL is not forgotten.
 */
export async function rebuildRecords(handler: Handler, node: NodeState, logger: Logger): Promise<void> {
  const inventory: Inventory = await withDeadline(
    `inventory of ${handler.name}`,
    INVENTORY_MS,
    undefined,
    (signal) => handler.backend.inventory(signal),
  );
  for (const found of inventory.sandboxes) {
    const network = await networkOf(handler, found, logger);
    const record = sandboxRecord(handler.name, found, network, node.clock.nowNs());
    if (record !== undefined) node.records.sandboxes.put(record);
  }
  for (const found of inventory.containers) {
    const record = containerRecord(found, node.clock.nowNs());
    if (record !== undefined && node.records.sandboxes.get(record.sandboxId) !== undefined) {
      node.records.putContainer(record);
    }
  }
  logger.warn('records were rebuilt from the backend', {
    handler: handler.name,
    sandboxes: inventory.sandboxes.length,
    containers: inventory.containers.length,
  });
}

async function networkOf(
  handler: Handler,
  { id, sandbox, networkNamespace }: InventorySandbox,
  logger: Logger,
): Promise<NetworkState> {
  if (sandbox?.namespaces.network === 'node') return { state: 'host' };
  if (networkNamespace === undefined) return { state: 'none' };
  try {
    const attached = await handler.network.recall(id);
    if (attached !== undefined) {
      const { attachment, ips } = attached;
      return { state: 'attached', namespacePath: networkNamespace, attachment, ips };
    }
  } catch (error) {
    logger.warn("a pod's addresses can't be learnt", { sandbox: id, error: describeError(error) });
  }
  return { state: 'owed', namespacePath: networkNamespace };
}

function sandboxRecord(
  handler: string,
  found: InventorySandbox,
  network: NetworkState,
  now: bigint,
): SandboxRecord | undefined {
  const { sandbox } = found;
  if (sandbox === undefined || found.state === 'partial') return undefined;
  return {
    id: found.id,
    phase: found.state === 'running' ? 'ready' : 'notReady',
    runtimeHandler: handler,
    handler,
    sandbox,
    logDirectory: '',
    hostPorts: [],
    fingerprint: '',
    createdAt: now,
    network,
    ...(found.cgroup === undefined ? {} : { cgroup: found.cgroup }),
  };
}

function containerRecord(found: InventoryContainer, now: bigint): ContainerRecord | undefined {
  const { container } = found;
  if (container === undefined || found.state === 'partial') return undefined;
  return {
    id: found.id,
    sandboxId: found.sandboxId,
    container,
    mounts: [],
    imageRef: container.imageId,
    fingerprint: '',
    resources: container.resources,
    createdAt: now,
    ...stateOf(found, now),
    ...(found.cgroup === undefined ? {} : { cgroup: found.cgroup }),
    ...(found.writableLayer === undefined ? {} : { writableLayer: found.writableLayer }),
  };
}

function stateOf(
  found: InventoryContainer,
  now: bigint,
): Pick<ContainerRecord, 'phase' | 'startedAt' | 'end' | 'pid'> {
  switch (found.state) {
    case 'running':
      return { phase: 'running', startedAt: now, ...pidOf(found) };
    case 'exited':
      return { phase: 'exited', startedAt: now, end: endOf(found.exit, now) };
    case 'created':
    case 'partial':
      return { phase: 'created' };
  }
}

const endOf = (exit: ContainerExit | undefined, now: bigint): ContainerEnd =>
  exit === undefined ? { finishedAt: now, exitCode: 255, reason: 'Unknown', message: '' } : endOfExit(exit);
