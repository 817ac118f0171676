import { preparedSandbox } from '@crihub/service-sandbox';
import type { Inventory, InventoryContainer, InventorySandbox } from '@crihub/contract';
import { kindOf } from '@crihub/kernel';
import type { ContainerStore } from './api/container-store.ts';
import type { TaskService, TaskState } from './api/task-service.ts';
import type { LocalContainers } from './container/local-containers.ts';
import type { Layout } from './layout.ts';
import { LABELS, type RecordIdentity, storedRecord, type StoredRecord } from './records/container-labels.ts';
import { readLocal } from './records/local-file.ts';
import { localSandbox } from './sandbox/local-sandbox.ts';
import type { LeakedShims } from './shims/leaked-shims.ts';
import { listShims, type ShimOwner } from './shims/shim-process.ts';

export interface InventoryDependencies {
  readonly layout: Layout;
  readonly store: ContainerStore;
  readonly tasks: TaskService;
  readonly local: LocalContainers;
  readonly leakedShims: LeakedShims;
}

/** What a container whose program could not be run is said to have exited with, as a shell's users expect. */
const CANNOT_RUN_EXIT_CODE = 128;

type StoredSandbox = Extract<StoredRecord, { kind: 'sandbox' }>;
type StoredOne = Extract<StoredRecord, { kind: 'container' }>;

/**
 * All that containerd has of ours, by its records, its tasks, and what we keep beside them. A shim that it has
 * forgotten counts as a part of a pod.
 */
export class InventoryTaker {
  readonly #identity: RecordIdentity & ShimOwner;
  readonly #dependencies: InventoryDependencies;

  constructor(identity: RecordIdentity & ShimOwner, dependencies: InventoryDependencies) {
    this.#identity = identity;
    this.#dependencies = dependencies;
  }

  async take(signal: AbortSignal): Promise<Inventory> {
    const { store, tasks, leakedShims } = this.#dependencies;
    const shims = await listShims(this.#identity);
    const [all, states] = await Promise.all([store.list({}, signal), tasks.states(signal)]);
    const known = { records: new Set(all.map(({ id }) => id)), states };
    const leaked = await leakedShims.find(shims, known);
    const stored = all.filter(({ labels }) => labels[LABELS.handler] === this.#identity.handler);
    const records = stored.map(storedRecord).sort((a, b) => (a.id < b.id ? -1 : 1));
    const sandboxes = records.filter((record) => record.kind === 'sandbox');
    const containers = records.filter((record) => record.kind === 'container');
    return {
      sandboxes: [
        ...(await Promise.all(sandboxes.map((record) => this.#sandbox(record, states)))),
        ...leaked.map((id) => ({ id, state: 'partial' as const })),
      ],
      containers: await Promise.all(containers.map((record) => this.#container(record, states, signal))),
    };
  }

  async #sandbox(record: StoredSandbox, states: ReadonlyMap<string, TaskState>): Promise<InventorySandbox> {
    const { layout } = this.#dependencies;
    const { id, sandbox } = record;
    const given = sandbox === undefined ? {} : { sandbox };
    if (record.bootId !== this.#identity.bootId) return { id, state: 'stopped', ...given };
    const local = await readLocal(layout.sandbox(id), localSandbox);
    if (local === undefined) return { id, state: 'partial', ...given };
    const lost = local.pid !== undefined && states.get(id)?.name !== 'running';
    return {
      id,
      state: lost ? 'stopped' : local.step,
      cgroup: local.cgroup,
      ...(sandbox === undefined ? {} : preparedSandbox(sandbox, layout)),
      ...given,
    };
  }

  async #container(
    record: StoredOne,
    states: ReadonlyMap<string, TaskState>,
    signal: AbortSignal,
  ): Promise<InventoryContainer> {
    const { id, sandboxId, container } = record;
    const local = this.#dependencies.local.get(id);
    const base = {
      id,
      sandboxId,
      ...(local === undefined ? {} : { cgroup: local.state.cgroup }),
      ...(local?.state.writableLayer && { writableLayer: local.state.writableLayer }),
      ...(container === undefined ? {} : { container }),
    };
    const exit = local?.exit ?? record.exit;
    if (exit !== undefined) return { ...base, state: 'exited', exit };
    if (record.bootId !== this.#identity.bootId) return { ...base, state: 'exited' };
    const unrunnable = local?.state.unrunnable;
    if (unrunnable !== undefined) {
      const finishedAt = BigInt(unrunnable.failedAt);
      return {
        ...base,
        state: 'exited',
        exit: { exitCode: CANNOT_RUN_EXIT_CODE, finishedAt, oomKilled: false },
      };
    }
    return { ...base, ...(await this.#byTask(record, states.get(id), signal)) };
  }

  async #byTask({ id }: StoredOne, listed: TaskState | undefined, signal: AbortSignal): Promise<TaskPart> {
    const local = this.#dependencies.local.get(id);
    const task = listed ?? (await this.#taskOf(id, signal));
    if (task === 'unknown') {
      const pid = local?.state.pid;
      return pid !== undefined && local?.released === true ? { state: 'running', pid } : { state: 'partial' };
    }
    if (task === undefined)
      return local?.state.pid === undefined ? { state: 'partial' } : { state: 'exited' };
    if (task.name !== 'stopped')
      return task.name === 'created' ? { state: 'created' } : { state: 'running', pid: task.pid };
    const { exitCode, finishedAt } = task.exit;
    if (finishedAt === undefined) return { state: 'exited' };
    return { state: 'exited', exit: { exitCode, finishedAt, oomKilled: false } };
  }

  /** A shim that does not answer is left out of containerd's list: that is not the same as being gone. */
  async #taskOf(id: string, signal: AbortSignal): Promise<TaskState | 'unknown' | undefined> {
    try {
      return await this.#dependencies.tasks.state(id, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (kindOf(error) === 'Unavailable') throw error;
      return 'unknown';
    }
  }
}

type TaskPart =
  | { readonly state: 'partial' | 'created' }
  | { readonly state: 'running'; readonly pid: number }
  | Pick<Extract<InventoryContainer, { state: 'exited' }>, 'state' | 'exit'>;
