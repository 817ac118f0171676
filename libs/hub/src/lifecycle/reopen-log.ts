import { RuntimeError, withDeadline } from '@crihub/kernel';
import type { Handlers } from '../router/handlers.ts';
import type { NodeState } from './node-state.ts';

/** ReopenContainerLog: the kubelet has moved the file away, and wants a new one at the same path. */
export class ReopenLog {
  readonly #node: NodeState;
  readonly #handlers: Handlers;

  constructor(deps: { readonly node: NodeState; readonly handlers: Handlers }) {
    this.#node = deps.node;
    this.#handlers = deps.handlers;
  }

  async reopen(idOrPrefix: string, signal: AbortSignal): Promise<void> {
    const record = this.#node.records.visibleContainer(idOrPrefix);
    const { id } = record;
    if (record.phase !== 'running') {
      throw new RuntimeError(
        'FailedPrecondition',
        `container ${id} is ${record.phase}: only a running one writes a log`,
        { id },
      );
    }
    const handler = this.#handlers.of(this.#node.records.visibleSandbox(record.sandboxId));
    await withDeadline(`reopen the log of container ${id}`, handler.timeouts.callMs, signal, (deadline) =>
      handler.backend.containers.reopenLog(id, deadline),
    );
  }
}
