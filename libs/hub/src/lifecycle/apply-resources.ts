import type { Resources } from '@crihub/contract';
import { type ContainerId, RuntimeError, withDeadline } from '@crihub/kernel';
import type { ContainerRecord } from '../records/container-record.ts';
import type { Handlers } from '../router/handlers.ts';
import type { NodeState } from './node-state.ts';

export interface ApplyResourcesDeps {
  readonly node: NodeState;
  readonly handlers: Handlers;
}

/** Changes the limits of a container, whoever asks for it: all of those named, or none. */
export class ApplyResources {
  readonly #deps: ApplyResourcesDeps;

  constructor(deps: ApplyResourcesDeps) {
    this.#deps = deps;
  }

  /** For a caller that holds no lock of the container. @throws DeadlineExceeded if somebody holds it for long. */
  async unlocked(id: ContainerId, change: Resources): Promise<void> {
    const { node, handlers } = this.#deps;
    const { sandboxId } = node.records.visibleContainer(id);
    const { callMs } = handlers.of(node.records.visibleSandbox(sandboxId)).timeouts;
    await withDeadline(`update container ${id}`, callMs, undefined, async (signal) => {
      using _held = await node.locks.acquire(id, signal);
      await this.locked(node.records.visibleContainer(id), change, signal);
    });
  }

  /** The caller holds the container's lock. */
  async locked(record: ContainerRecord, change: Resources, signal: AbortSignal): Promise<ContainerRecord> {
    const { node, handlers } = this.#deps;
    const { id } = record;
    assertChangeable(record);
    const handler = handlers.of(node.records.visibleSandbox(record.sandboxId));
    const resources = { ...record.resources, ...change };
    await withDeadline(`update container ${id}`, handler.timeouts.callMs, signal, (deadline) =>
      handler.backend.containers.update(id, resources, deadline),
    );
    return node.records.putContainer({ ...record, resources });
  }
}

/** @throws FailedPrecondition for a container that is neither created nor running. */
export function assertChangeable({ id, phase }: ContainerRecord): void {
  if (phase === 'created' || phase === 'running') return;
  throw new RuntimeError('FailedPrecondition', `container ${id} is ${phase}: its limits can't be changed`, {
    id,
  });
}
