import type {
  Container,
  ContainerOperations,
  CreatedContainer,
  Resources,
  Sandbox,
  StartedContainer,
} from '@crihub/contract';
import { type Clock, type ContainerId, describeError, kindOf, RuntimeError, settleAll } from '@crihub/kernel';
import type { Cgroups } from '@crihub/linux';
import { ociResources, parseSignal, type SpecHost } from '@crihub/service-oci';
import { notFound, type Turns, wrongState } from '@crihub/service-sandbox';
import { jsonAny, OCI_TYPES } from '../api/any.ts';
import type { ContainerStore } from '../api/container-store.ts';
import type { TaskExit, TaskService } from '../api/task-service.ts';
import type { ContainerCreation } from './container-creation.ts';
import type { ContainerRoots } from '../images/container-roots.ts';
import type { ShimTurns } from '../shims/shim-turns.ts';
import { endTask, signalTask } from './end-task.ts';
import type { LocalContainer } from './local-container.ts';
import type { LocalContainers } from './local-containers.ts';

export interface ContainerdContainersDependencies {
  readonly local: LocalContainers;
  readonly store: ContainerStore;
  readonly tasks: TaskService;
  readonly shimTurns: ShimTurns;
  readonly creation: ContainerCreation;
  readonly roots: Pick<ContainerRoots, 'remove'>;
  readonly cgroups: Pick<Cgroups, 'kill' | 'remove'>;
  readonly host: SpecHost;
  readonly clock: Clock;
  readonly turns: Turns;
}

/** Containers as records and tasks of containerd, their streams in our hands. */
export class ContainerdContainers implements ContainerOperations {
  readonly #dependencies: ContainerdContainersDependencies;

  constructor(dependencies: ContainerdContainersDependencies) {
    this.#dependencies = dependencies;
  }

  async create(container: Container, sandbox: Sandbox, signal: AbortSignal): Promise<CreatedContainer> {
    return await this.#dependencies.turns.run(container.id, signal, async (own) => {
      const known = this.#dependencies.local.get(container.id);
      if (known !== undefined && isCreated(known)) return { cgroup: known.state.cgroup };
      return await this.#create(container, sandbox, own);
    });
  }

  async start(id: ContainerId, signal: AbortSignal): Promise<StartedContainer> {
    return await this.#dependencies.turns.run(id, signal, async (own) => {
      const container = this.#find('start', id);
      const { unrunnable, startedAt } = container.state;
      if (unrunnable !== undefined) throw cannotRun(id, unrunnable.message);
      if (container.exit !== undefined) throw wrongState('start', 'container', id, 'exited', 'created');
      if (startedAt !== undefined) return startedContainer(container, BigInt(startedAt));
      return await this.#start(container, own);
    });
  }

  async signal(id: ContainerId, name: string, scope: 'init' | 'all', signal: AbortSignal): Promise<void> {
    const number = parseSignal(name);
    const { tasks } = this.#dependencies;
    await signalTask(id, { number, all: scope === 'all' }, { tasks, signal });
  }

  async remove(id: ContainerId, signal: AbortSignal): Promise<void> {
    await this.#dependencies.turns.run(id, signal, (own) => this.#remove(id, own));
  }

  async update(id: ContainerId, resources: Resources, signal: AbortSignal): Promise<void> {
    const { tasks, host, turns } = this.#dependencies;
    await turns.run(id, signal, async (own) => {
      const container = this.#find('update', id);
      if (container.exit !== undefined)
        throw wrongState('update', 'container', id, 'exited', 'created or running');
      const { devices: _unchanged, ...limits } = ociResources(resources, [], host);
      await tasks.update(id, jsonAny(OCI_TYPES.resources, limits), own);
    });
  }

  async reopenLog(id: ContainerId, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const container = this.#find('reopen the log of', id);
    if (container.output === undefined) {
      throw wrongState('reopen the log of', 'container', id, 'exited', 'created or running');
    }
    await container.output.reopenLog();
  }

  #find(operation: string, id: ContainerId): LocalContainer {
    const container = this.#dependencies.local.get(id);
    if (container === undefined) throw notFound(operation, 'container', id);
    return container;
  }

  async #create(container: Container, sandbox: Sandbox, signal: AbortSignal): Promise<CreatedContainer> {
    const { creation } = this.#dependencies;
    try {
      return await creation.create(container, sandbox, signal);
    } catch (error) {
      await this.#undo(container.id, error);
      // What an attempt before this one left is gone now.
      if (kindOf(error) === 'AlreadyExists') return await creation.create(container, sandbox, signal);
      throw error;
    }
  }

  async #start(container: LocalContainer, signal: AbortSignal): Promise<StartedContainer> {
    const { tasks, clock, local } = this.#dependencies;
    const { id } = container;
    container.released = true;
    let pid: number;
    try {
      pid = await tasks.start(id, '', signal);
    } catch (cause) {
      container.released = false;
      if (kindOf(cause) !== 'Internal') throw cause;
      throw new RuntimeError('FailedPrecondition', describeError(cause), {
        operation: 'start container',
        id,
        cause,
      });
    }
    const startedAt = clock.nowNs();
    await local.change(container, { startedAt: String(startedAt), pid });
    return startedContainer(container, startedAt);
  }

  async #remove(id: ContainerId, signal: AbortSignal): Promise<void> {
    const { store, local, clock, roots } = this.#dependencies;
    const container = local.get(id);
    if (container !== undefined) container.isBeingRemoved = true;
    const exit = container?.hasNoTask === true ? undefined : await this.#endTask(id, container, signal);
    if (exit === undefined && container?.hasNoTask === false) await this.#removeLost(container, signal);
    // Whoever is attached learns of the end, though its event comes after the removal.
    const { exitCode = KILLED, finishedAt = clock.nowNs() } = exit ?? {};
    container?.ended({ exitCode, finishedAt, oomKilled: false });
    await roots.remove(id, signal);
    await settleAll([store.delete(id, signal), local.remove(id)]);
  }

  async #endTask(
    id: ContainerId,
    container: LocalContainer | undefined,
    signal: AbortSignal,
  ): Promise<TaskExit | undefined> {
    const { tasks, shimTurns } = this.#dependencies;
    const end = (): Promise<TaskExit | undefined> => endTask(id, tasks, signal);
    return await (container === undefined ? end() : shimTurns.run(container.state.sandboxId, end, signal));
  }

  /** What a task left that containerd does not know: with it, its shim would have removed that. */
  async #removeLost({ state: { cgroup } }: LocalContainer, signal: AbortSignal): Promise<void> {
    const { cgroups } = this.#dependencies;
    await cgroups.kill(cgroup, signal);
    await cgroups.remove(cgroup, signal);
  }

  /** With time of its own; what can't be undone now is left to `remove`. */
  async #undo(id: ContainerId, cause: unknown): Promise<void> {
    try {
      await this.#remove(id, AbortSignal.timeout(UNDO_MS));
    } catch (error) {
      const story = `${describeError(cause)}; and what was made could not be removed: ${describeError(error)}`;
      throw new RuntimeError(kindOf(cause), story, { operation: 'create container', id, cause });
    }
  }
}

const UNDO_MS = 20_000;
/** As of a process that was killed. */
const KILLED = 137;

const isCreated = ({ state }: LocalContainer): boolean =>
  state.pid !== undefined || state.unrunnable !== undefined;

const startedContainer = (
  { state: { pid, writableLayer } }: LocalContainer,
  startedAt: bigint,
): StartedContainer => ({
  ...(pid === undefined ? {} : { pid }),
  ...(writableLayer && { writableLayer }),
  startedAt,
});

const cannotRun = (id: ContainerId, message: string): RuntimeError =>
  new RuntimeError('FailedPrecondition', message, { operation: 'start container', id });
