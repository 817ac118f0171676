import { type ContainerId, type Logger, RuntimeError, untilAborted, withDeadline } from '@crihub/kernel';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import type { FootprintSampler } from '../measurements/footprint-sampler.ts';
import type { Handler } from '../router/handler.ts';
import type { Handlers } from '../router/handlers.ts';
import { GracePeriod } from './grace-period.ts';
import type { NodeState } from './node-state.ts';
import { phaseSubject } from './phase-subject.ts';
import { type PhaseObserver, timed } from './phases.ts';
import type { Plugins } from './plugins.ts';
import type { StepObserver } from './steps.ts';

export interface StopContainerDeps {
  readonly node: NodeState;
  readonly handlers: Handlers;
  readonly plugins: Pick<Plugins, 'endTold'>;
  readonly phases: PhaseObserver;
  readonly footprints: Pick<FootprintSampler, 'beforeEnd'>;
  readonly steps: StepObserver;
  readonly logger: Logger;
}

/** Time for a killed container to be seen dead, before stronger means; in ms. */
const KILL_WAITS_MS = [2_000, 8_000] as const;
/** The longest grace: what fits a timer. */
const LONGEST_GRACE_MS = 2 ** 31 - 1;

interface Stopping {
  readonly grace: GracePeriod;
  readonly done: Promise<void>;
}

/**
 * StopContainer. One stop runs per container, whoever asks and however often: the signal is sent once, and
 * a later call can only shorten the grace. After the grace come SIGKILL to the first process, then to all.
 */
export class StopContainer {
  readonly #deps: StopContainerDeps;
  readonly #stopping = new Map<ContainerId, Stopping>();

  constructor(deps: StopContainerDeps) {
    this.#deps = deps;
  }

  /** @param graceSeconds 0 kills at once. @throws DeadlineExceeded if the container can't be killed. */
  async stop(idOrPrefix: string, graceSeconds: number, signal: AbortSignal | undefined): Promise<void> {
    const record = this.#deps.node.records.containers.find(idOrPrefix);
    if (record === undefined || (record.phase !== 'running' && record.phase !== 'unknown')) return;
    const graceMs = Math.min(graceSeconds * 1000, LONGEST_GRACE_MS);
    let stopping = this.#stopping.get(record.id);
    if (stopping === undefined) {
      stopping = this.#begin(record.id, graceMs);
      this.#stopping.set(record.id, stopping);
    } else {
      stopping.grace.shortenTo(graceMs);
    }
    await untilAborted(stopping.done, signal);
  }

  #begin(id: ContainerId, graceMs: number): Stopping {
    const { node, handlers, phases, plugins } = this.#deps;
    const pod = sandboxOf(node, id);
    const handler = handlers.of(pod);
    const grace = new GracePeriod(graceMs);
    const stop = async (): Promise<void> => {
      await this.#deps.footprints.beforeEnd(pod.id);
      await timed(phases, phaseSubject(pod, id), 'container_stop', () => this.#run(id, handler, grace));
      await plugins.endTold(id);
    };
    const done = stop().finally(() => this.#stopping.delete(id));
    // A caller may leave before it fails; the rejection is then nobody's, and not an accident.
    done.catch(() => undefined);
    return { grace, done };
  }

  async #run(id: ContainerId, handler: Handler, grace: GracePeriod): Promise<void> {
    const { node, steps, logger } = this.#deps;
    const ended = node.ended(id);
    if (grace.left > 0) {
      await this.#signal(
        id,
        handler,
        node.records.containers.get(id)?.container.stopSignal ?? 'SIGTERM',
        'init',
      );
      await steps.reached('stopContainer.signalled');
      if (await grace.outlasts(ended)) return;
    }
    await this.#signal(id, handler, 'SIGKILL', 'init');
    await steps.reached('stopContainer.killed');
    if (await new GracePeriod(KILL_WAITS_MS[0]).outlasts(ended)) return;
    logger.warn('container survives SIGKILL of its first process; killing all of it', { container: id });
    await this.#signal(id, handler, 'SIGKILL', 'all');
    if (await new GracePeriod(KILL_WAITS_MS[1]).outlasts(ended)) return;
    throw new RuntimeError(
      'DeadlineExceeded',
      `container ${id} was killed, but is not seen to end; its processes may hang in the kernel (state D in ps)`,
      { operation: 'stop container', id },
    );
  }

  async #signal(id: ContainerId, handler: Handler, name: string, scope: 'init' | 'all'): Promise<void> {
    await withDeadline(`signal container ${id}`, handler.timeouts.callMs, undefined, (signal) =>
      handler.backend.containers.signal(id, name, scope, signal),
    );
  }
}

function sandboxOf(node: NodeState, id: ContainerId): SandboxRecord {
  const container = node.records.containers.get(id);
  const sandbox = container && node.records.sandboxes.get(container.sandboxId);
  if (sandbox === undefined) throw new RuntimeError('Internal', `container ${id} has no pod sandbox`);
  return sandbox;
}
