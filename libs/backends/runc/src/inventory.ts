import type { Inventory, InventorySandbox } from '@crihub/contract';
import type { ContainerId, SandboxId } from '@crihub/kernel';
import {
  type ContainerRecord,
  type ContainerStates,
  type Executor,
  inventoryContainer,
  isAlive,
  type JsonRecords,
} from '@crihub/service-oci-containers';
import { preparedSandbox } from '@crihub/service-sandbox';
import type { Layout } from './layout.ts';
import type { SandboxRecord } from './records/sandbox-record.ts';

export interface InventoryDependencies {
  readonly bootId: string;
  readonly layout: Layout;
  readonly executor: Executor;
  readonly sandboxes: JsonRecords<SandboxId, SandboxRecord>;
  readonly containers: JsonRecords<ContainerId, ContainerRecord>;
  readonly states: ContainerStates;
}

/** All that there is, by the records and what the kernel says of their processes. */
export async function takeInventory(dependencies: InventoryDependencies): Promise<Inventory> {
  const { sandboxes, containers, states } = dependencies;
  return {
    sandboxes: await Promise.all(
      sandboxes.entries().map(async ([id, record]) => await inventorySandbox(id, record, dependencies)),
    ),
    containers: await Promise.all(
      containers
        .entries()
        .map(async ([id, record]) => inventoryContainer(id, record, await states.of(id, record))),
    ),
  };
}

async function inventorySandbox(
  id: SandboxId,
  record: SandboxRecord,
  dependencies: InventoryDependencies,
): Promise<InventorySandbox> {
  const { sandbox, cgroup } = record;
  const state = await sandboxState(record, dependencies);
  return { id, state, cgroup, sandbox, ...preparedSandbox(sandbox, dependencies.layout) };
}

async function sandboxState(
  record: SandboxRecord,
  { bootId, executor }: InventoryDependencies,
): Promise<InventorySandbox['state']> {
  if (record.step === 'preparing') return 'partial';
  if (record.bootId !== bootId || record.step === 'stopped') return 'stopped';
  // What is half made of the pause process is removed when `start` comes again.
  if (record.step !== 'running') return 'prepared';
  if (record.pause === undefined) return 'running';
  return (await isAlive(executor.processes, record.pause.init)) ? 'running' : 'stopped';
}
