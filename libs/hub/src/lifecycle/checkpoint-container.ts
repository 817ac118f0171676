import { RuntimeError, withDeadline } from '@crihub/kernel';
import type { Handlers } from '../router/handlers.ts';
import type { NodeState } from './node-state.ts';

export interface CheckpointRequest {
  /** Absolute path of the archive to write. */
  readonly location: string;
  /** In ms; the handler's time for making a container if absent. */
  readonly timeoutMs: number | undefined;
}

/** CheckpointContainer: the state of a running container goes to an archive, and the container runs on. */
export class CheckpointContainer {
  readonly #node: NodeState;
  readonly #handlers: Handlers;

  constructor(deps: { readonly node: NodeState; readonly handlers: Handlers }) {
    this.#node = deps.node;
    this.#handlers = deps.handlers;
  }

  /** @throws Unimplemented if the pod's backend can't, FailedPrecondition for a container that does not run. */
  async checkpoint(
    idOrPrefix: string,
    { location, timeoutMs }: CheckpointRequest,
    signal: AbortSignal,
  ): Promise<void> {
    const { records, locks } = this.#node;
    const { id } = records.visibleContainer(idOrPrefix);
    using _held = await locks.acquire(id, signal);
    const { phase, sandboxId } = records.visibleContainer(id);
    const { name, backend, timeouts } = this.#handlers.of(records.visibleSandbox(sandboxId));
    const { checkpoint } = backend;
    if (checkpoint === undefined)
      throw new RuntimeError('Unimplemented', `the handler ${name} can't checkpoint containers`, { id });
    if (phase !== 'running') {
      throw new RuntimeError(
        'FailedPrecondition',
        `container ${id} is ${phase}: only a running one can be checkpointed`,
        { id },
      );
    }
    await withDeadline(
      `checkpoint container ${id}`,
      timeoutMs ?? timeouts.createContainerMs,
      signal,
      (deadline) => checkpoint.checkpoint(id, location, deadline),
    );
  }
}
