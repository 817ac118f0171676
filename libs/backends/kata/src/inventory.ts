import type { Inventory, InventorySandbox } from '@crihub/contract';
import type { SandboxId } from '@crihub/kernel';
import { isAlive } from '@crihub/linux';
import type { JsonRecords } from '@crihub/service-oci-containers';
import type { GuestContainers } from './guest/guest-containers.ts';
import type { KataLayout } from './layout.ts';
import type { RunningMachines } from './sandbox/running-machines.ts';
import type { SandboxRecord } from './sandbox/sandbox-record.ts';

export interface InventoryDependencies {
  readonly bootId: string;
  readonly layout: KataLayout;
  readonly records: JsonRecords<SandboxId, SandboxRecord>;
  readonly running: RunningMachines;
  readonly containers: GuestContainers;
}

/** All that there is, by the records and what runs of them. */
export async function takeInventory(dependencies: InventoryDependencies): Promise<Inventory> {
  const { records, layout, containers } = dependencies;
  const sandboxes = records.entries().map(async ([id, record]): Promise<InventorySandbox> => {
    const { sandbox, cgroup } = record;
    const state = await stateOf(id, record, dependencies);
    return { id, state, cgroup, sandbox, networkNamespace: layout.networkNamespace(id) };
  });
  return { sandboxes: await Promise.all(sandboxes), containers: await containers.inventory() };
}

async function stateOf(
  id: SandboxId,
  record: SandboxRecord,
  { bootId, running }: InventoryDependencies,
): Promise<InventorySandbox['state']> {
  if (record.step === 'preparing') return 'partial';
  if (record.bootId !== bootId || record.step === 'stopped') return 'stopped';
  if (record.step === 'running') return running.has(id) ? 'running' : 'stopped';
  return 'process' in record && (await isAlive(record.process)) ? 'prepared' : 'stopped';
}
