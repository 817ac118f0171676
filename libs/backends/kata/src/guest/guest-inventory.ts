import type { InventoryContainer } from '@crihub/contract';
import { type ContainerId, kindOf, untilAborted, withDeadline } from '@crihub/kernel';
import {
  type ContainerRecord,
  type ContainerStates,
  inventoryContainer,
} from '@crihub/service-oci-containers';

/** Time for a guest to tell of a container, in ms: one that does not answer must not hold up the others. */
const ASK_MS = 4_000;

/** A container as the hub is told of it: numbers and groups of the guest mean nothing on this host. */
export async function guestInventory(
  id: ContainerId,
  record: ContainerRecord,
  states: ContainerStates,
): Promise<InventoryContainer> {
  const { container } = record;
  const base = { id, sandboxId: container.sandboxId, container };
  try {
    const state = await withDeadline(`asking for container ${id}`, ASK_MS, undefined, async (deadline) =>
      untilAborted(states.of(id, record), deadline),
    );
    const found = inventoryContainer(id, record, state);
    if (found.state === 'running') return { ...base, state: 'running' };
    const { cgroup: _ofGuest, ...rest } = found;
    return rest;
  } catch (error) {
    // A machine that runs and does not answer now is taken at its last word.
    if (!['Unavailable', 'DeadlineExceeded'].includes(kindOf(error))) throw error;
    const started = record.step === 'created' && record.startedAt !== undefined;
    return { ...base, state: started ? 'running' : 'created' };
  }
}
