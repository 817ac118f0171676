import { type ContainerId, SingleFlight } from '@crihub/kernel';
import type { NodeState } from './node-state.ts';
import type { Teardown } from './teardown.ts';

/** RemoveContainer: kills it if it runs and removes all of it. Repeatable; an unknown container is removed. */
export class RemoveContainer {
  readonly #node: NodeState;
  readonly #teardown: Teardown;
  readonly #flights = new SingleFlight<ContainerId, void>();

  constructor(deps: { readonly node: NodeState; readonly teardown: Teardown }) {
    this.#node = deps.node;
    this.#teardown = deps.teardown;
  }

  async remove(idOrPrefix: string, signal: AbortSignal): Promise<void> {
    const record = this.#node.records.containers.find(idOrPrefix);
    if (record === undefined) return;
    await this.#flights.run(record.id, () => this.#remove(record.id), signal);
  }

  async #remove(id: ContainerId): Promise<void> {
    using _held = await this.#node.locks.acquire(id);
    const record = this.#node.records.containers.get(id);
    if (record !== undefined) await this.#teardown.container(record);
  }
}
