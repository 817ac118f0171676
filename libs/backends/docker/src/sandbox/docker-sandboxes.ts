import type {
  PodNetworkAttachment,
  PreparedSandbox,
  Resources,
  Sandbox,
  SandboxOperations,
  StartedSandbox,
} from '@crihub/contract';
import type { SandboxId } from '@crihub/kernel';
import type { Cgroups } from '@crihub/linux';
import { notFound, podCgroup, type Turns, wrongState } from '@crihub/service-sandbox';
import type { ContainerDetails } from '@crihub/transport/docker-engine';
import type { DockerContainers } from '../container/docker-containers.ts';
import { stateOf } from '../container/container-state.ts';
import type { EngineLink } from '../engine-link.ts';
import type { KnownStates, RunningInfra } from '../known-states.ts';
import { identityOf, sandboxName, workloadLabels } from '../identity.ts';
import type { PauseImage } from '../images/pause-image.ts';
import { ownCgroup } from '../pod-cgroups.ts';
import { infraBody, type InfraBodyOptions } from './infra-body.ts';
import type { NetworkNamespaces } from './network-namespaces.ts';
import type { StartedPods } from './started-pods.ts';
import { refuseSandbox } from '../container/unsupported.ts';

export interface DockerSandboxesDependencies {
  readonly link: EngineLink;
  readonly turns: Turns;
  readonly known: KnownStates;
  readonly containers: DockerContainers;
  readonly pause: PauseImage;
  readonly networks: NetworkNamespaces;
  readonly started: StartedPods;
  readonly cgroups: Cgroups;
  /** Pods that are being ended by us, whose end is no news. */
  readonly ending: Set<SandboxId>;
}

/** Longest wait for creations in a pod that is to be removed, in ms. */
const CREATIONS_MS = 60_000;

/** A pod is an infra container, whose namespaces the pod's containers join. */
export class DockerSandboxes implements SandboxOperations {
  readonly #options: InfraBodyOptions;
  readonly #dependencies: DockerSandboxesDependencies;
  /** Need not be stopped again before they are removed. */
  readonly #stopped = new Set<SandboxId>();

  constructor(options: InfraBodyOptions, dependencies: DockerSandboxesDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  async prepare(sandbox: Sandbox, signal: AbortSignal): Promise<PreparedSandbox> {
    refuseSandbox(sandbox);
    return await this.#dependencies.turns.run(sandbox.id, signal, (own) => this.#prepare(sandbox, own));
  }

  async start(
    sandbox: Sandbox,
    _network: PodNetworkAttachment | undefined,
    signal: AbortSignal,
  ): Promise<StartedSandbox> {
    return await this.#dependencies.turns.run(sandbox.id, signal, (own) => this.#start(sandbox, own));
  }

  async stop(id: SandboxId, signal: AbortSignal): Promise<void> {
    await this.#dependencies.turns.run(id, signal, (own) => this.#stop(id, own));
  }

  async remove(id: SandboxId, signal: AbortSignal): Promise<void> {
    await this.#dependencies.turns.run(id, signal, (own) => this.#remove(id, own));
  }

  /** The pod's own cgroup is the kubelet's, which sets its limits itself. */
  async update(
    { id }: Sandbox,
    _change: { readonly overhead: Resources; readonly resources: Resources },
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    if ((await this.#inspect(id)) === undefined) throw notFound('update', 'sandbox', id);
  }

  async #prepare(sandbox: Sandbox, signal: AbortSignal): Promise<PreparedSandbox> {
    const { link, pause, networks, known } = this.#dependencies;
    const { id } = sandbox;
    const body = infraBody(sandbox, await pause.name(), this.#options);
    const { engineId, isNew } = await link.createOrFind(sandboxName(id), body, () => pause.ensure());
    if (isNew) known.created.set(id, engineId);
    signal.throwIfAborted();
    if (sandbox.namespaces.network === 'node') {
      if (!isNew) await this.#refuseEnded(id);
      return {};
    }
    const isPinned = await networks.isPinned(id);
    // One that has ended must not be started again.
    if (isPinned) await this.#pidOf('prepare', id);
    else {
      if (!isNew) await this.#refuseEnded(id);
      known.created.delete(id);
      await link.use((engine, deadline) => engine.containers.start(engineId, deadline));
      signal.throwIfAborted();
      const pid = await this.#pidOf('prepare', id);
      await networks.pin(id, pid);
      known.infra.set(id, { engineId, pid });
    }
    return { networkNamespace: networks.path(id) };
  }

  async #refuseEnded(id: SandboxId): Promise<void> {
    const infra = await this.#inspect(id);
    const state = infra && stateOf(infra);
    if (state?.name === 'created' || state?.name === 'running') return;
    throw stopped('prepare', id);
  }

  async #start(sandbox: Sandbox, signal: AbortSignal): Promise<StartedSandbox> {
    const { started, known } = this.#dependencies;
    const { id } = sandbox;
    const infra = known.infra.get(id) ?? (await this.#runInfra(sandbox));
    signal.throwIfAborted();
    await started.add(id);
    known.infra.set(id, infra);
    return { pid: infra.pid, cgroup: podCgroup(sandbox, this.#options.cgroupDriver) };
  }

  /** On the node's network it is not started before. */
  async #runInfra({ id, namespaces }: Sandbox): Promise<RunningInfra> {
    const { link, known } = this.#dependencies;
    let engineId = known.created.get(id);
    known.created.delete(id);
    if (engineId === undefined) {
      const infra = await this.#inspect(id);
      if (infra === undefined) throw notFound('start', 'sandbox', id);
      const state = stateOf(infra);
      if (state.name === 'running') return { engineId: infra.Id, pid: state.pid };
      if (state.name !== 'created') throw stopped('start', id);
      if (namespaces.network === 'pod') throw wrongState('start', 'sandbox', id, 'half made', 'prepared');
      engineId = infra.Id;
    }
    await link.use((engine, deadline) => engine.containers.start(engineId, deadline));
    return { engineId, pid: await this.#pidOf('start', id) };
  }

  async #stop(id: SandboxId, signal: AbortSignal): Promise<void> {
    if (this.#stopped.has(id)) return;
    const { link, containers, known, ending } = this.#dependencies;
    ending.add(id);
    known.forget(id);
    const ids = await this.#containersOf(id);
    await Promise.all(ids.map((container) => containers.end(container)));
    signal.throwIfAborted();
    await link.use(async (engine, deadline) => {
      await engine.containers.kill(sandboxName(id), 'SIGKILL', deadline);
      await engine.containers.waitUntilStopped(sandboxName(id), deadline);
    });
    this.#stopped.add(id);
  }

  async #remove(id: SandboxId, signal: AbortSignal): Promise<void> {
    const { link, turns, containers, networks, started, cgroups, known, ending } = this.#dependencies;
    ending.add(id);
    known.forget(id);
    await turns.idle(CREATIONS_MS, id); // creations whose callers have left
    const ids = await this.#containersOf(id);
    await Promise.all(ids.map((container) => containers.erase(container)));
    signal.throwIfAborted();
    await link.remove(sandboxName(id));
    await networks.remove(id);
    const own = ownCgroup(id);
    if (await cgroups.exists(own)) await cgroups.remove(own);
    await started.remove(id);
    ending.delete(id);
    this.#stopped.delete(id);
  }

  async #containersOf(id: SandboxId): Promise<readonly DockerContainerId[]> {
    const found = await this.#dependencies.link.use((engine, deadline) =>
      engine.containers.list(workloadLabels(this.#options.instance, id), deadline),
    );
    return found.flatMap(({ Labels }) => {
      const identity = identityOf(Labels);
      return identity?.kind === 'container' ? [identity.id] : [];
    });
  }

  async #inspect(id: SandboxId): Promise<ContainerDetails | undefined> {
    return await this.#dependencies.link.use((engine, deadline) =>
      engine.containers.inspect(sandboxName(id), deadline),
    );
  }

  async #pidOf(operation: string, id: SandboxId): Promise<number> {
    const details = await this.#inspect(id);
    const state = details && stateOf(details);
    if (state?.name !== 'running') throw stopped(operation, id);
    return state.pid;
  }
}

type DockerContainerId = Parameters<DockerContainers['end']>[0];

const stopped = (operation: string, id: SandboxId): Error =>
  wrongState(operation, 'sandbox', id, 'stopped', 'a new one');
