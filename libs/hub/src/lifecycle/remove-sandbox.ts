import { type SandboxId, SingleFlight } from '@crihub/kernel';
import type { NodeState } from './node-state.ts';
import type { StopSandbox } from './stop-sandbox.ts';
import type { Teardown } from './teardown.ts';

export interface RemoveSandboxDeps {
  readonly node: NodeState;
  readonly stopSandbox: StopSandbox;
  readonly teardown: Teardown;
}

/** RemovePodSandbox: kills what still runs of the pod and removes all of it. Repeatable; an unknown pod is removed. */
export class RemoveSandbox {
  readonly #deps: RemoveSandboxDeps;
  readonly #flights = new SingleFlight<SandboxId, void>();

  constructor(deps: RemoveSandboxDeps) {
    this.#deps = deps;
  }

  async remove(idOrPrefix: string, signal: AbortSignal): Promise<void> {
    const record = this.#deps.node.records.sandboxes.find(idOrPrefix);
    if (record === undefined) return;
    await this.#flights.run(record.id, () => this.#remove(record.id), signal);
  }

  async #remove(id: SandboxId): Promise<void> {
    const { node, stopSandbox, teardown } = this.#deps;
    if (node.records.sandboxes.get(id)?.phase === 'ready')
      await stopSandbox.stop(id, new AbortController().signal);
    using _held = await node.locks.acquire(id);
    const record = node.records.sandboxes.get(id);
    if (record !== undefined) await teardown.sandbox(record);
  }
}
