import { type Logger, type SandboxId, SingleFlight, withDeadline } from '@crihub/kernel';
import type { FootprintSampler } from '../measurements/footprint-sampler.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import type { Handlers } from '../router/handlers.ts';
import type { NodeState } from './node-state.ts';
import { phaseSubject } from './phase-subject.ts';
import { type PhaseObserver, timed } from './phases.ts';
import type { Plugins } from './plugins.ts';
import type { StepObserver } from './steps.ts';
import type { StopContainer } from './stop-container.ts';
import type { Teardown } from './teardown.ts';

export interface StopSandboxDeps {
  readonly node: NodeState;
  readonly handlers: Handlers;
  readonly stopContainer: StopContainer;
  readonly teardown: Teardown;
  readonly plugins: Plugins;
  readonly phases: PhaseObserver;
  readonly footprints: Pick<FootprintSampler, 'beforeEnd'>;
  readonly steps: StepObserver;
  readonly logger: Logger;
}

/** StopPodSandbox: no container of the pod runs, and its network is given back. Repeatable; an unknown pod is stopped. */
export class StopSandbox {
  readonly #deps: StopSandboxDeps;
  readonly #flights = new SingleFlight<SandboxId, void>();

  constructor(deps: StopSandboxDeps) {
    this.#deps = deps;
  }

  async stop(idOrPrefix: string, signal: AbortSignal): Promise<void> {
    const record = this.#deps.node.records.sandboxes.find(idOrPrefix);
    if (record === undefined) return;
    await this.#flights.run(record.id, () => this.#stop(record.id), signal);
  }

  async #stop(id: SandboxId): Promise<void> {
    const { node, handlers, phases, footprints, steps } = this.#deps;
    using _held = await node.locks.acquire(id);
    const record = node.records.sandboxes.get(id);
    if (record === undefined || record.phase === 'creating' || record.phase === 'removing') return;
    await footprints.beforeEnd(id);
    const stopping = node.recordNotReady(node.records.sandboxes.get(id) ?? record, 'stopped');
    await steps.reached('stopSandbox.intent');
    await this.#stopContainers(stopping);
    await steps.reached('stopSandbox.containersStopped');
    await this.#deps.plugins.stopPod(stopping);
    const handler = handlers.of(record);
    await timed(phases, phaseSubject(record), 'sandbox_stop', () =>
      withDeadline(`stop pod sandbox ${id}`, handler.timeouts.callMs, undefined, (signal) =>
        handler.backend.sandboxes.stop(id, signal),
      ),
    );
    await steps.reached('stopSandbox.stopped');
    await this.#deps.teardown.detachNetwork(stopping);
    await steps.reached('stopSandbox.detached');
  }

  /** At once and without grace: the kubelet has stopped those that it wanted to end gently. */
  async #stopContainers({ id }: SandboxRecord): Promise<void> {
    const { node, stopContainer } = this.#deps;
    const running = node.records
      .containersOf(id)
      .filter(({ phase }) => phase === 'running' || phase === 'unknown');
    await Promise.all(running.map((container) => stopContainer.stop(container.id, 0, undefined)));
  }
}
