import { open } from 'node:fs/promises';
import { constants } from 'node:os';
import type {
  Container,
  ContainerOperations,
  CreatedContainer,
  Resources,
  Sandbox,
  StartedContainer,
} from '@crihub/contract';
import { type ContainerId, describeError, RuntimeError, untilAborted } from '@crihub/kernel';
import type { Cgroups } from '@crihub/linux';
import { type CdiRegistry, parseSignal } from '@crihub/service-oci';
import { notFound, type Turns, wrongState } from '@crihub/service-sandbox';
import { atLeastApi, type ContainerDetails, statusOf } from '@crihub/transport/docker-engine';
import type { EngineLink } from '../engine-link.ts';
import type { KnownStates } from '../known-states.ts';
import type { EngineHost } from '../health/engine-host.ts';
import { containerName, identityOf, sandboxName } from '../identity.ts';
import { type DockerImageStore, imageName } from '../images/docker-image-store.ts';
import type { ContainerLogs } from '../log/container-logs.ts';
import { engineCgroup } from '../pod-cgroups.ts';
import { type BodyOptions, containerBody } from './container-body.ts';
import { cgroupOfProcess } from './process-cgroup.ts';
import { engineResources, kernelResources, refuseUnified } from './resources.ts';
import { startTimeOf, stateOf, writableLayerOf } from './container-state.ts';
import { refuseContainer } from './unsupported.ts';

export type CdiResolver = Pick<CdiRegistry, 'resolve'>;

export interface DockerContainersDependencies {
  readonly link: EngineLink;
  readonly turns: Turns;
  readonly known: KnownStates;
  readonly images: Pick<DockerImageStore, 'ensure'>;
  readonly logs: ContainerLogs;
  readonly cgroups: Cgroups;
  readonly host: EngineHost;
  readonly cdi: CdiResolver;
}

/** Containers that join the namespaces of their pod's infra container. */
export class DockerContainers implements ContainerOperations {
  readonly #options: BodyOptions;
  readonly #dependencies: DockerContainersDependencies;
  readonly #killed = new Set<ContainerId>();

  constructor(options: BodyOptions, dependencies: DockerContainersDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  async create(container: Container, sandbox: Sandbox, signal: AbortSignal): Promise<CreatedContainer> {
    return await this.#dependencies.turns.run(
      container.id,
      signal,
      (own) => this.#create(container, sandbox, own),
      sandbox.id,
    );
  }

  async start(id: ContainerId, signal: AbortSignal): Promise<StartedContainer> {
    return await this.#dependencies.turns.run(id, signal, (own) => this.#start(id, own));
  }

  async signal(id: ContainerId, name: string, scope: 'init' | 'all', signal: AbortSignal): Promise<void> {
    const number = parseSignal(name);
    signal.throwIfAborted();
    if (scope === 'all') await untilAborted(this.end(id), signal);
    else {
      if (number === constants.signals.SIGKILL) this.#killed.add(id);
      await this.#dependencies.link.use((engine, deadline) =>
        engine.containers.kill(containerName(id), String(number), deadline),
      );
    }
  }

  async remove(id: ContainerId, signal: AbortSignal): Promise<void> {
    await this.#dependencies.turns.run(id, signal, () => this.erase(id));
  }

  async update(id: ContainerId, resources: Resources, signal: AbortSignal): Promise<void> {
    const { turns, host } = this.#dependencies;
    refuseUnified(resources, host.cgroupVersion);
    await turns.run(id, signal, () => this.#update(id, resources));
  }

  async reopenLog(id: ContainerId, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const details = await this.#find('reopen the log of', id);
    const state = stateOf(details).name;
    if (state !== 'created' && state !== 'running') {
      throw wrongState('reopen the log of', 'container', id, state, 'created or running');
    }
    await this.#dependencies.logs.reopen(id, details);
  }

  /** Whether SIGKILL was sent to it by us, so that no lack of memory need be suspected. */
  isKilled(id: ContainerId): boolean {
    return this.#killed.has(id);
  }

  /** Kills all processes of a container, and waits until the engine knows that it has ended. */
  async end(id: ContainerId): Promise<void> {
    const { link, cgroups } = this.#dependencies;
    const name = containerName(id);
    const details = await link.use((engine, deadline) => engine.containers.inspect(name, deadline));
    const state = details && stateOf(details);
    if (state?.name !== 'running') return;
    this.#killed.add(id);
    // With a PID namespace that it shares, more than its first process is left.
    const cgroup = await cgroupOfProcess(state.pid, details?.Id ?? '');
    await link.use((engine, deadline) => engine.containers.kill(name, 'SIGKILL', deadline));
    if (cgroup !== undefined) await cgroups.kill(cgroup);
    await link.use((engine, deadline) => engine.containers.waitUntilStopped(name, deadline));
  }

  /** Removes a container, whatever its state. */
  async erase(id: ContainerId): Promise<void> {
    const { known, link } = this.#dependencies;
    known.forget(id);
    await this.end(id);
    await link.remove(containerName(id));
    await this.#dependencies.logs.forget(id);
    this.#killed.delete(id);
  }

  async #create(container: Container, sandbox: Sandbox, signal: AbortSignal): Promise<CreatedContainer> {
    const { link, host, images, known } = this.#dependencies;
    const api = await link.api();
    refuseContainer(container, atLeastApi(api, 44) && host.recursiveReadonlyMounts);
    refuseUnified(container.resources, host.cgroupVersion);
    const [infra, pidTarget, cdi] = await Promise.all([
      this.#infraOf(sandbox),
      this.#pidTarget(container),
      container.cdiDevices.length === 0 ? undefined : this.#dependencies.cdi.resolve(container.cdiDevices),
    ]);
    const image = imageName(container.imageId);
    const input = { container, sandbox, image, infra, pidTarget, cdi, host, api };
    const body = await containerBody(input, this.#options);
    signal.throwIfAborted();
    const { engineId, isNew, provided } = await link.createOrFind(containerName(container.id), body, () =>
      images.ensure(container.imageId),
    );
    if (isNew) known.created.set(container.id, engineId);
    await touch(container.logPath);
    return {
      cgroup: engineCgroup(engineId, sandbox, this.#options.cgroupDriver),
      ...(provided === undefined ? {} : { phases: { image_copy: provided } }),
    };
  }

  async #start(id: ContainerId, signal: AbortSignal): Promise<StartedContainer> {
    const { logs, known } = this.#dependencies;
    let engineId = known.created.get(id);
    known.created.delete(id);
    if (engineId === undefined) {
      const before = await this.#find('start', id);
      const state = stateOf(before);
      if (state.name === 'running') return startedOf(before);
      if (state.name !== 'created') throw wrongState('start', 'container', id, state.name, 'created');
      engineId = before.Id;
    }
    signal.throwIfAborted();
    await this.#run(id, engineId);
    const after = await this.#find('start', id);
    logs.follow(id, after);
    await this.#limitByKernel(id, after);
    return startedOf(after);
  }

  async #run(id: ContainerId, engineId: string): Promise<void> {
    try {
      await this.#dependencies.link.use((engine, deadline) => engine.containers.start(engineId, deadline));
    } catch (cause) {
      const status = statusOf(cause);
      if (status === undefined || status === 503) throw cause;
      // It was there and ready: what is refused now is the program, or what it needs.
      throw new RuntimeError('FailedPrecondition', describeError(cause), {
        operation: 'start container',
        id,
        cause,
      });
    }
  }

  /** Limits that the engine does not know. A container that can't have them must not run without. */
  async #limitByKernel(id: ContainerId, details: ContainerDetails): Promise<void> {
    const identity = identityOf(details.Config.Labels);
    const resources = identity?.kind === 'container' ? identity.container?.resources : undefined;
    const limits = resources && kernelResources(resources);
    const state = stateOf(details);
    if (limits === undefined || state.name !== 'running') return;
    const cgroup = await cgroupOfProcess(state.pid, details.Id);
    if (cgroup === undefined) return; // it has ended
    try {
      await this.#dependencies.cgroups.writeResources(cgroup, limits);
    } catch (error) {
      await this.end(id);
      throw error;
    }
  }

  async #update(id: ContainerId, resources: Resources): Promise<void> {
    const { link, cgroups } = this.#dependencies;
    const details = await this.#find('update', id);
    const state = stateOf(details);
    if (state.name !== 'created' && state.name !== 'running') {
      throw wrongState('update', 'container', id, state.name, 'created or running');
    }
    await link.use((engine, deadline) =>
      engine.containers.update(details.Id, engineResources(resources), deadline),
    );
    const limits = kernelResources(resources);
    const cgroup = state.name === 'running' ? await cgroupOfProcess(state.pid, details.Id) : undefined;
    if (limits !== undefined && cgroup !== undefined) await cgroups.writeResources(cgroup, limits);
  }

  async #infraOf({ id }: Sandbox): Promise<string> {
    const known = this.#dependencies.known.infra.get(id);
    if (known !== undefined) return known.engineId;
    const infra = await this.#dependencies.link.use((engine, deadline) =>
      engine.containers.inspect(sandboxName(id), deadline),
    );
    if (infra === undefined) throw notFound('create a container in', 'sandbox', id);
    const state = stateOf(infra).name;
    if (state === 'running') return infra.Id;
    throw wrongState('create a container in', 'sandbox', id, state, 'running');
  }

  async #pidTarget({ pidNamespace }: Container): Promise<string | undefined> {
    if (pidNamespace.mode !== 'target') return undefined;
    return (await this.#find('join the processes of', pidNamespace.target)).Id;
  }

  async #find(operation: string, id: ContainerId): Promise<ContainerDetails> {
    const details = await this.#inspect(id);
    if (details === undefined) throw notFound(operation, 'container', id);
    return details;
  }

  async #inspect(id: ContainerId): Promise<ContainerDetails | undefined> {
    return await this.#dependencies.link.use((engine, deadline) =>
      engine.containers.inspect(containerName(id), deadline),
    );
  }
}

function startedOf(details: ContainerDetails): StartedContainer {
  const state = stateOf(details);
  const layer = writableLayerOf(details);
  return {
    startedAt: startTimeOf(details),
    ...(state.name === 'running' ? { pid: state.pid } : {}),
    ...(layer === undefined ? {} : { writableLayer: layer }),
  };
}

/** Clients open the log as soon as the container has started, which may be before its first line is copied. */
async function touch(logPath: string): Promise<void> {
  if (logPath === '') return;
  const file = await open(logPath, 'a', 0o640);
  await file.close();
}
