import type { BackendEvent, ContainerExit } from '@crihub/contract';
import {
  type Clock,
  type ContainerId,
  describeError,
  kindOf,
  type Logger,
  SingleFlight,
} from '@crihub/kernel';
import type { Cgroups } from '@crihub/linux';
import type { Turns } from '@crihub/service-sandbox';
import type { ContainerStore } from '../api/container-store.ts';
import type { TaskExit, TaskService } from '../api/task-service.ts';
import type { LocalContainer } from '../container/local-container.ts';
import type { LocalContainers } from '../container/local-containers.ts';
import { exitLabel } from '../records/container-labels.ts';
import type { ShimTurns } from '../shims/shim-turns.ts';

export interface ReaperDependencies {
  readonly local: LocalContainers;
  readonly store: ContainerStore;
  readonly tasks: TaskService;
  readonly shimTurns: ShimTurns;
  readonly cgroups: Pick<Cgroups, 'stats'>;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tell: (event: BackendEvent) => void;
}

/** The exit waits so long for the shim to close its end of the output. */
const DRAIN_MS = 500;
/** What is left is written however slow the disk is, within reason. */
const FINISH = { idleMs: 500, limitMs: 60_000 };

/**
 * Turns ends of tasks into exits: told first, then kept in containerd's record, so that the task and, after
 * the pod's last one, the shim can go. What fails is done when the tasks are looked through again.
 */
export class Reaper {
  readonly #dependencies: ReaperDependencies;
  readonly #outOfMemory = new Set<string>();
  readonly #reaping = new SingleFlight<ContainerId, void>();

  constructor(dependencies: ReaperDependencies) {
    this.#dependencies = dependencies;
  }

  outOfMemory(id: string): void {
    if (this.#dependencies.local.get(id as ContainerId) !== undefined) this.#outOfMemory.add(id);
  }

  /** Never rejects. */
  async reap(container: LocalContainer, exit: TaskExit): Promise<void> {
    await this.#reaping
      .run(container.id, async () => {
        if (container.exit === undefined) await this.#tell(container, exit);
        if (container.output !== undefined && !container.isBeingRemoved) await this.#keep(container);
      })
      .catch((error: unknown) =>
        this.#dependencies.logger.warn('could not put away a container that has ended', {
          id: container.id,
          error: describeError(error),
        }),
      );
  }

  async #tell(container: LocalContainer, { exitCode, finishedAt }: TaskExit): Promise<void> {
    const { clock, tell } = this.#dependencies;
    const [oomKilled] = await Promise.all([
      exitCode === 137 ? this.#wasOutOfMemory(container) : false,
      container.output?.drained(DRAIN_MS),
    ]);
    const exit: ContainerExit = { exitCode, finishedAt: finishedAt ?? clock.nowNs(), oomKilled };
    container.ended(exit);
    // A container that was never let go has no exit to tell: it was removed.
    if (container.released) tell({ type: 'containerExited', id: container.id, exit });
  }

  /** In the container's turn: two that delete one task would hold each other up in its shim. */
  async #keep(container: LocalContainer): Promise<void> {
    const { turns } = this.#dependencies;
    await container.output?.finish(FINISH);
    await turns.run(container.id, new AbortController().signal, async () => {
      if (container.isBeingRemoved) return;
      await this.#deleteTask(container);
      this.#outOfMemory.delete(container.id);
      await this.#dependencies.local.endOutput(container);
    });
  }

  async #deleteTask(container: LocalContainer): Promise<void> {
    const { store, tasks, shimTurns } = this.#dependencies;
    const { id, exit } = container;
    if (exit === undefined) return;
    try {
      await store.label(id, exitLabel(exit));
      await shimTurns.run(container.state.sandboxId, () => tasks.delete(id));
      container.hasNoTask = true;
    } catch (error) {
      if (kindOf(error) !== 'NotFound') throw error; // it was removed meanwhile
    }
  }

  /** containerd's event may come late; the cgroup, which stays until the task is deleted, counts at once. */
  async #wasOutOfMemory({ id, state }: LocalContainer): Promise<boolean> {
    if (this.#outOfMemory.has(id)) return true;
    const stats = await this.#dependencies.cgroups.stats(state.cgroup);
    return (stats?.memory.oomKills ?? 0) > 0 || this.#outOfMemory.has(id);
  }
}
