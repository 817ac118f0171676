import type { Resources } from '@crihub/contract';
import { withDeadline } from '@crihub/kernel';
import type { Handlers } from '../router/handlers.ts';
import type { HealthMonitor } from '../router/health-monitor.ts';
import { type ApplyResources, assertChangeable } from './apply-resources.ts';
import type { NodeState } from './node-state.ts';
import type { Plugins } from './plugins.ts';

export interface UpdateResourcesDeps {
  readonly node: NodeState;
  readonly handlers: Handlers;
  readonly health: Pick<HealthMonitor, 'capabilitiesOf'>;
  readonly applyResources: ApplyResources;
  readonly plugins: Plugins;
}

/** UpdateContainerResources and UpdatePodSandboxResources. */
export class UpdateResources {
  readonly #deps: UpdateResourcesDeps;

  constructor(deps: UpdateResourcesDeps) {
    this.#deps = deps;
  }

  /** Changes the limits named; all or none of them. */
  async container(idOrPrefix: string, change: Resources, signal: AbortSignal): Promise<void> {
    const { node, applyResources, plugins } = this.#deps;
    const { id } = node.records.visibleContainer(idOrPrefix);
    using _held = await node.locks.acquire(id, signal);
    const record = node.records.visibleContainer(id);
    assertChangeable(record);
    const wanted = await plugins.updateContainer(record, change);
    const updated = await applyResources.locked(node.records.visibleContainer(id), wanted, signal);
    await plugins.containerUpdated(updated);
  }

  async sandbox(
    idOrPrefix: string,
    overhead: Resources,
    resources: Resources,
    signal: AbortSignal,
  ): Promise<void> {
    const { node, handlers, health, plugins } = this.#deps;
    const { id } = node.records.visibleSandbox(idOrPrefix);
    using _held = await node.locks.acquire(id, signal);
    const record = node.records.visibleSandbox(id);
    const handler = handlers.of(record);
    const change = {
      overhead: { ...record.sandbox.overhead, ...overhead },
      resources: { ...record.sandbox.resources, ...resources },
    };
    await plugins.updatePod(record, change.overhead, change.resources);
    if (health.capabilitiesOf(handler.name).updateSandboxResources) {
      await withDeadline(`update pod sandbox ${id}`, handler.timeouts.callMs, signal, (deadline) =>
        handler.backend.sandboxes.update(record.sandbox, change, deadline),
      );
    }
    await plugins.podUpdated(
      node.records.sandboxes.put({ ...record, sandbox: { ...record.sandbox, ...change } }),
    );
  }
}
