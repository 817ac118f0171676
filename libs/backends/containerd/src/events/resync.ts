import type { BackendEvent } from '@crihub/contract';
import type { Clock, SandboxId } from '@crihub/kernel';
import type { ContainerStore } from '../api/container-store.ts';
import type { TaskService, TaskState } from '../api/task-service.ts';
import type { LocalContainer } from '../container/local-container.ts';
import type { LocalContainers } from '../container/local-containers.ts';
import { storedRecord } from '../records/container-labels.ts';
import type { Reaper } from './reaper.ts';

export interface ResyncDependencies {
  readonly local: LocalContainers;
  readonly store: ContainerStore;
  readonly tasks: TaskService;
  readonly reaper: Reaper;
  readonly clock: Clock;
  readonly tell: (event: BackendEvent) => void;
}

/** Compares what we know with containerd's tasks, after a time in which events may have been missed. */
export class Resync {
  readonly #dependencies: ResyncDependencies;

  constructor(dependencies: ResyncDependencies) {
    this.#dependencies = dependencies;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { local, tasks, tell } = this.#dependencies;
    const states = await tasks.states(signal);
    const all = [...local.values()].filter(({ state }) => state.pid !== undefined);
    await Promise.all(all.map((container) => this.#compare(container, states.get(container.id), signal)));
    tell({ type: 'resync' });
  }

  async #compare(container: LocalContainer, task: TaskState | undefined, signal: AbortSignal): Promise<void> {
    const { reaper, local, clock } = this.#dependencies;
    if (task?.name === 'stopped') {
      container.released = true;
      await reaper.reap(container, task.exit);
    } else if (task?.name === 'running') {
      container.released = true;
      // The daemon before this one died while it started the container.
      if (container.state.startedAt === undefined) {
        await local.change(container, { startedAt: String(clock.nowNs()) });
      }
    } else if (task === undefined && container.exit === undefined) await this.#lost(container, signal);
  }

  /** Its exit was kept by an earlier daemon, or nobody saw it. A shim that does not answer is not gone. */
  async #lost(container: LocalContainer, signal: AbortSignal): Promise<void> {
    const { store, tasks, local } = this.#dependencies;
    const stored = await store.get(container.id, signal);
    const record = stored === undefined ? undefined : storedRecord(stored);
    if (record?.kind !== 'container') return;
    if (record.exit !== undefined) container.ended(record.exit);
    else if ((await tasks.state(container.id, signal)) !== undefined) return;
    if (container.output !== undefined) await local.endOutput(container);
  }
}

/** A pod whose own process has ended. */
export const sandboxExited = (id: string): BackendEvent => ({
  type: 'sandboxExited',
  id: id as SandboxId,
  message: "the pod's own process has ended",
});
