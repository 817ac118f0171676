import type {
  PodNetworkAttachment,
  PreparedSandbox,
  Resources,
  Sandbox,
  SandboxOperations,
  StartedSandbox,
} from '@crihub/contract';
import { type ContainerId, kindOf, type SandboxId } from '@crihub/kernel';
import type { Cgroups } from '@crihub/linux';
import {
  notFound,
  podCgroup,
  type SandboxNamespaces,
  type Turns,
  wrongState,
  preparedSandbox,
} from '@crihub/service-sandbox';
import type { ContainerStore } from '../api/container-store.ts';
import type { TaskService } from '../api/task-service.ts';
import type { ContainerdContainers } from '../container/containerd-containers.ts';
import { killTask } from '../container/end-task.ts';
import type { Layout } from '../layout.ts';
import { LABELS, type RecordIdentity, sandboxLabels, storedRecord } from '../records/container-labels.ts';
import { readLocal, writeLocal } from '../records/local-file.ts';
import type { LeakedShims } from '../shims/leaked-shims.ts';
import { type LocalSandbox, localSandbox } from './local-sandbox.ts';
import type { Pause } from './pause.ts';

export interface ContainerdSandboxesOptions extends RecordIdentity {
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
}

export interface ContainerdSandboxesDependencies {
  readonly layout: Layout;
  readonly store: ContainerStore;
  readonly tasks: TaskService;
  readonly cgroups: Pick<Cgroups, 'writeResources' | 'remove' | 'create'>;
  readonly namespaces: SandboxNamespaces;
  readonly pause: Pause;
  readonly containers: Pick<ContainerdContainers, 'remove'>;
  readonly turns: Turns;
  readonly leakedShims: Pick<LeakedShims, 'end'>;
}

/** Pods as pinned namespaces and a record in containerd; a task of their own only where one is needed. */
export class ContainerdSandboxes implements SandboxOperations {
  readonly #options: ContainerdSandboxesOptions;
  readonly #dependencies: ContainerdSandboxesDependencies;

  constructor(options: ContainerdSandboxesOptions, dependencies: ContainerdSandboxesDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  async prepare(sandbox: Sandbox, signal: AbortSignal): Promise<PreparedSandbox> {
    const { layout, turns } = this.#dependencies;
    await turns.run(sandbox.id, signal, (own) => this.#prepare(sandbox, own));
    return preparedSandbox(sandbox, layout);
  }

  async start(
    sandbox: Sandbox,
    _network: PodNetworkAttachment | undefined,
    signal: AbortSignal,
  ): Promise<StartedSandbox> {
    return await this.#dependencies.turns.run(sandbox.id, signal, async (own) => {
      const local = await this.#local(sandbox.id);
      if (local === undefined) throw notFound('start', 'sandbox', sandbox.id);
      if (local.step === 'running') return started(local);
      if (local.step === 'stopped') throw wrongState('start', 'sandbox', sandbox.id, local.step, 'prepared');
      return started(await this.#start(sandbox, local, own));
    });
  }

  async stop(id: SandboxId, signal: AbortSignal): Promise<void> {
    await this.#dependencies.turns.run(id, signal, async (own) => {
      const { tasks, layout, pause } = this.#dependencies;
      const local = await this.#local(id);
      if (local !== undefined) await writeLocal(layout.sandbox(id), { ...local, step: 'stopped' });
      const containers = await this.#containersOf(id, own);
      await Promise.all(containers.map((container) => killTask(container, tasks, own)));
      await pause.remove(id, own);
    });
  }

  async remove(id: SandboxId, signal: AbortSignal): Promise<void> {
    await this.#dependencies.turns.run(id, signal, async (own) => {
      const { store, containers, pause, namespaces, cgroups, leakedShims } = this.#dependencies;
      const stored = await store.get(id, own);
      const record = stored === undefined ? undefined : storedRecord(stored);
      const inside = await this.#containersOf(id, own);
      await Promise.all(inside.map((container) => containers.remove(container, own)));
      if (record === undefined) return await leakedShims.end(id, own);
      await pause.remove(id, own);
      if (record.kind === 'sandbox' && record.sandbox !== undefined) {
        await namespaces.remove(record.sandbox, own);
        // A cgroup that the kubelet named is the kubelet's.
        if (record.sandbox.cgroupParent === '') await cgroups.remove(this.#cgroup(record.sandbox), own);
      }
      await store.delete(id, own);
    });
  }

  async update(
    sandbox: Sandbox,
    { resources }: { readonly overhead: Resources; readonly resources: Resources },
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    const { cgroups } = this.#dependencies;
    const local = await this.#local(sandbox.id);
    if (local === undefined) throw notFound('update', 'sandbox', sandbox.id);
    const { oomScoreAdj: _fixed, ...limits } = resources;
    await cgroups.writeResources(local.cgroup, limits);
  }

  async #prepare(sandbox: Sandbox, signal: AbortSignal): Promise<void> {
    const { layout, store, namespaces, pause, cgroups } = this.#dependencies;
    const local = await this.#local(sandbox.id);
    if (local?.step === 'stopped') {
      throw wrongState('prepare', 'sandbox', sandbox.id, 'stopped', 'a new one');
    }
    if (local !== undefined) return;
    const record = {
      id: sandbox.id,
      ...sandboxLabels(sandbox, this.#options),
      ...(await pause.record(sandbox)),
    };
    try {
      await store.create(record, signal);
    } catch (error) {
      if (kindOf(error) !== 'AlreadyExists') throw error;
      await namespaces.remove(sandbox, signal); // what an attempt before this one left
    }
    const cgroup = this.#cgroup(sandbox);
    if (this.#options.cgroupDriver === 'cgroupfs') await cgroups.create(cgroup);
    await namespaces.create(sandbox, signal);
    await writeLocal(layout.sandbox(sandbox.id), { step: 'prepared', cgroup } satisfies LocalSandbox);
  }

  async #start(sandbox: Sandbox, local: LocalSandbox, signal: AbortSignal): Promise<LocalSandbox> {
    const { layout, pause } = this.#dependencies;
    const pid = pause.isNeeded(sandbox) ? await pause.start(sandbox, signal) : undefined;
    const running: LocalSandbox = { ...local, step: 'running', ...(pid === undefined ? {} : { pid }) };
    await writeLocal(layout.sandbox(sandbox.id), running);
    return running;
  }

  #cgroup(sandbox: Sandbox): string {
    return podCgroup(sandbox, this.#options.cgroupDriver);
  }

  async #local(id: SandboxId): Promise<LocalSandbox | undefined> {
    return await readLocal(this.#dependencies.layout.sandbox(id), localSandbox);
  }

  async #containersOf(id: SandboxId, signal: AbortSignal): Promise<readonly ContainerId[]> {
    const { handler } = this.#options;
    const labels = { [LABELS.handler]: handler, [LABELS.kind]: 'container', [LABELS.sandbox]: id };
    const found = await this.#dependencies.store.list(labels, signal);
    return found.map((container) => container.id as ContainerId);
  }
}

const started = ({ cgroup, pid }: LocalSandbox): StartedSandbox => ({
  cgroup,
  ...(pid === undefined ? {} : { pid }),
});
