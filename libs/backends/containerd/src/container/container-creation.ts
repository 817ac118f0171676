import type { Container, CreatedContainer, Sandbox } from '@crihub/contract';
import { type Clock, describeError, RuntimeError, settleAll } from '@crihub/kernel';
import type { OciSpec } from '@crihub/service-oci';
import {
  containerCgroup,
  type ContainerSpecs,
  isUnrunnableProgram,
  sandboxPaths,
} from '@crihub/service-sandbox';
import { jsonAny, OCI_TYPES } from '../api/any.ts';
import type { ContainerStore } from '../api/container-store.ts';
import { type RuntimeChoice, runtimeOf } from '../api/runtime-options.ts';
import type { TaskService } from '../api/task-service.ts';
import type { ContainerRoots, PlannedRoot } from '../images/container-roots.ts';
import { writableLayerOf } from '../images/writable-layer.ts';
import type { Layout } from '../layout.ts';
import { containerLabels, type RecordIdentity } from '../records/container-labels.ts';
import { runningSandbox } from '../sandbox/local-sandbox.ts';
import { hostRoot } from '../sandbox/pause.ts';
import type { ShimTurns } from '../shims/shim-turns.ts';
import type { LocalContainer } from './local-container.ts';
import type { LocalContainers } from './local-containers.ts';

export interface ContainerCreationOptions extends RecordIdentity, RuntimeChoice {}

export interface ContainerCreationDependencies {
  readonly layout: Layout;
  readonly local: LocalContainers;
  readonly store: ContainerStore;
  readonly tasks: TaskService;
  readonly shimTurns: ShimTurns;
  readonly specs: ContainerSpecs;
  readonly roots: ContainerRoots;
  readonly clock: Clock;
}

/** Makes a container's record, its FIFOs and its task. */
export class ContainerCreation {
  readonly #options: ContainerCreationOptions;
  readonly #dependencies: ContainerCreationDependencies;

  constructor(options: ContainerCreationOptions, dependencies: ContainerCreationDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  async create(container: Container, sandbox: Sandbox, signal: AbortSignal): Promise<CreatedContainer> {
    const { layout, local, store, roots } = this.#dependencies;
    const pod = await runningSandbox(sandbox.id, layout);
    const { specPath, path: cgroup } = containerCgroup(container.id, sandbox, this.#options.cgroupDriver);
    const pidOwner = this.#pidOwner(container, pod.pid);
    const paths = sandboxPaths(sandbox, layout);
    const root = await roots.plan(container, signal);
    const rooted = { ...container, rootfs: root.path };
    const spec = await this.#dependencies.specs.build(rooted, sandbox, specPath, { paths, pidOwner });
    const { terminal, stdin, stdinOnce } = container.process;
    const { id, logPath, sandboxId } = container;
    // Both settled: what one has made must not come after it was undone.
    const [made] = await settleAll([
      local.create(id, { sandboxId, cgroup, logPath, terminal, stdin, stdinOnce }),
      store.create({ ...this.#record(container, sandbox, spec), ...root.record }, signal),
    ]);
    made.process = spec.process;
    await this.#createTask(made, await root.prepare(signal), signal);
    return { cgroup };
  }

  #record(container: Container, sandbox: Sandbox, spec: OciSpec): Parameters<ContainerStore['create']>[0] {
    const owner = { uid: hostRoot(sandbox, 'uids'), gid: hostRoot(sandbox, 'gids') };
    return {
      id: container.id,
      ...containerLabels(container, this.#options),
      image: container.imageRef,
      runtime: runtimeOf(this.#options, owner),
      spec: jsonAny(OCI_TYPES.spec, spec),
    };
  }

  /** A program that can't be run is for `start` to tell; the container is there and has ended. */
  async #createTask(
    container: LocalContainer,
    rootfs: Awaited<ReturnType<PlannedRoot['prepare']>>,
    signal: AbortSignal,
  ): Promise<void> {
    const { local, tasks, shimTurns, clock } = this.#dependencies;
    try {
      const streams = local.streams(container.id, container.state);
      const create = (): Promise<number> => tasks.create(container.id, { streams, rootfs }, signal);
      const pid = await shimTurns.run(container.state.sandboxId, create, signal);
      const writableLayer = writableLayerOf(rootfs);
      await Promise.all([
        local.change(container, { pid, ...(writableLayer && { writableLayer }) }),
        local.holdOutput(container),
      ]);
    } catch (error) {
      const message = describeError(error);
      if (!isUnrunnableProgram(message)) throw error;
      await local.change(container, { unrunnable: { message, failedAt: String(clock.nowNs()) } });
      await local.endOutput(container);
    }
  }

  #pidOwner({ id, pidNamespace }: Container, podInit: number | undefined): number | undefined {
    if (pidNamespace.mode !== 'pod' && pidNamespace.mode !== 'target') return undefined;
    const [owner, problem] =
      pidNamespace.mode === 'target'
        ? [this.#initOf(pidNamespace.target), `container ${pidNamespace.target} does not run`]
        : [podInit, 'its pod has no shared one'];
    if (owner !== undefined) return owner;
    throw new RuntimeError('FailedPrecondition', `container ${id} can't join a PID namespace: ${problem}`, {
      operation: 'create container',
      id,
    });
  }

  #initOf(target: Container['id']): number | undefined {
    const container = this.#dependencies.local.get(target);
    return container?.released === true && container.exit === undefined ? container.state.pid : undefined;
  }
}
