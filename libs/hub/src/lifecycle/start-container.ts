import { describeError, kindOf, type Logger, RuntimeError, withDeadline } from '@crihub/kernel';
import type { ContainerRecord } from '../records/container-record.ts';
import type { Handlers } from '../router/handlers.ts';
import type { NodeState } from './node-state.ts';
import { phaseSubject } from './phase-subject.ts';
import { type PhaseObserver, timed } from './phases.ts';
import type { Plugins } from './plugins.ts';
import type { StepObserver } from './steps.ts';

export interface StartContainerDeps {
  readonly node: NodeState;
  readonly handlers: Handlers;
  readonly plugins: Plugins;
  readonly phases: PhaseObserver;
  readonly steps: StepObserver;
  readonly logger: Logger;
}

/** The exit code of a container whose program could not be run, as Docker and containerd report it. */
const CANNOT_RUN = 128;

/** StartContainer. */
export class StartContainer {
  readonly #deps: StartContainerDeps;

  constructor(deps: StartContainerDeps) {
    this.#deps = deps;
  }

  async start(idOrPrefix: string, signal: AbortSignal): Promise<void> {
    const { node, steps, logger } = this.#deps;
    const { id } = node.records.visibleContainer(idOrPrefix);
    using _held = await node.locks.acquire(id, signal);
    const record = node.records.visibleContainer(id);
    if (record.phase !== 'created') throw wrongState(record);
    const sandbox = node.records.visibleSandbox(record.sandboxId);
    if (sandbox.phase !== 'ready') {
      throw new RuntimeError(
        'FailedPrecondition',
        `pod sandbox ${sandbox.id} is not ready: nothing can start in it`,
        { id },
      );
    }
    const handler = this.#deps.handlers.of(sandbox);
    await steps.reached('startContainer.before');
    let running: ContainerRecord;
    try {
      await this.#deps.plugins.startContainer(record);
      const started = await timed(this.#deps.phases, phaseSubject(sandbox, id), 'container_start', () =>
        withDeadline(`start container ${id}`, handler.timeouts.createContainerMs, undefined, (deadline) =>
          handler.backend.containers.start(id, deadline),
        ),
      );
      await steps.reached('startContainer.started');
      running = node.records.putContainer({ ...record, ...started, phase: 'running' });
    } catch (cause) {
      this.#recordFailure(record, cause);
      throw cause;
    }
    await steps.reached('startContainer.recorded');
    await this.#deps.plugins.containerStarted(running);
    logger.info('container started', {
      container: id,
      sandbox: sandbox.id,
      handler: handler.name,
      name: record.container.metadata.name,
    });
    node.publish('started', id, record.sandboxId);
  }

  /** Only a refusal is final: after a timeout or a lost connection the container may yet run. */
  #recordFailure(record: ContainerRecord, cause: unknown): void {
    if (kindOf(cause) !== 'FailedPrecondition' && kindOf(cause) !== 'InvalidArgument') return;
    this.#deps.node.recordEnd(record.id, {
      finishedAt: this.#deps.node.clock.nowNs(),
      exitCode: CANNOT_RUN,
      reason: 'ContainerCannotRun',
      message: describeError(cause),
    });
  }
}

const wrongState = ({ id, phase }: ContainerRecord): RuntimeError =>
  new RuntimeError('FailedPrecondition', `container ${id} can't be started: it is ${phase}, not created`, {
    id,
  });
