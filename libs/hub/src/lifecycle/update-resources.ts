import type { Resources } from '@crihub/contract';
import { RuntimeError, withDeadline } from '@crihub/kernel';
import type { Handlers } from '../router/handlers.ts';
import type { HealthMonitor } from '../router/health-monitor.ts';
import type { NodeState } from './node-state.ts';

export interface UpdateResourcesDeps {
  readonly node: NodeState;
  readonly handlers: Handlers;
  readonly health: Pick<HealthMonitor, 'capabilitiesOf'>;
}

/** UpdateContainerResources and UpdatePodSandboxResources. */
export class UpdateResources {
  readonly #deps: UpdateResourcesDeps;

  constructor(deps: UpdateResourcesDeps) {
    this.#deps = deps;
  }

  /** Changes the limits named; all or none of them. */
  async container(idOrPrefix: string, change: Resources, signal: AbortSignal): Promise<void> {
    const { node, handlers } = this.#deps;
    const { id } = node.records.visibleContainer(idOrPrefix);
    using _held = await node.locks.acquire(id, signal);
    const record = node.records.visibleContainer(id);
    if (record.phase !== 'created' && record.phase !== 'running') {
      throw new RuntimeError(
        'FailedPrecondition',
        `container ${id} is ${record.phase}: its limits can't be changed`,
        { id },
      );
    }
    const handler = handlers.of(node.records.visibleSandbox(record.sandboxId));
    const resources = { ...record.resources, ...change };
    await withDeadline(`update container ${id}`, handler.timeouts.callMs, signal, (deadline) =>
      handler.backend.containers.update(id, resources, deadline),
    );
    node.records.putContainer({ ...record, resources });
  }

  async sandbox(
    idOrPrefix: string,
    overhead: Resources,
    resources: Resources,
    signal: AbortSignal,
  ): Promise<void> {
    const { node, handlers, health } = this.#deps;
    const { id } = node.records.visibleSandbox(idOrPrefix);
    using _held = await node.locks.acquire(id, signal);
    const record = node.records.visibleSandbox(id);
    const handler = handlers.of(record);
    const change = {
      overhead: { ...record.sandbox.overhead, ...overhead },
      resources: { ...record.sandbox.resources, ...resources },
    };
    if (health.capabilitiesOf(handler.name).updateSandboxResources) {
      await withDeadline(`update pod sandbox ${id}`, handler.timeouts.callMs, signal, (deadline) =>
        handler.backend.sandboxes.update(record.sandbox, change, deadline),
      );
    }
    node.records.sandboxes.put({ ...record, sandbox: { ...record.sandbox, ...change } });
  }
}
