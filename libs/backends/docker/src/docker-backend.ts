import { join } from 'node:path';
import type {
  Backend,
  BackendEvent,
  BackendHealth,
  EngineSupport,
  ImageCopySupport,
  Inventory,
  Isolation,
} from '@crihub/contract';
import type { Clock, Logger, SandboxId } from '@crihub/kernel';
import type { Cgroups, HostFacts, NamespaceWorker, PinnedNamespaces } from '@crihub/linux';
import { runtimeIsolation } from '@crihub/service-oci';
import { EngineProcesses, EventStream, Turns } from '@crihub/service-sandbox';
import { DockerEngine } from '@crihub/transport/docker-engine';
import { type CdiResolver, DockerContainers } from './container/docker-containers.ts';
import { EngineLink } from './engine-link.ts';
import { EngineWatch } from './events/engine-watch.ts';
import { ExitReporter } from './events/exit-reporter.ts';
import { MemoryDeaths } from './events/memory-deaths.ts';
import { DockerHealth } from './health/docker-health.ts';
import { engineHostOf } from './health/engine-host.ts';
import { instanceLabel } from './identity.ts';
import { DockerImageStore } from './images/docker-image-store.ts';
import type { DockerImages } from './images/docker-images.ts';
import { PauseImage } from './images/pause-image.ts';
import { findContainers, type InventoryDependencies, takeInventory } from './inventory.ts';
import { KnownStates } from './known-states.ts';
import { ContainerLogs } from './log/container-logs.ts';
import type { DockerOptions, DockerPlacement } from './options.ts';
import { DockerProcesses } from './process/docker-processes.ts';
import { ExecExits } from './process/exec-exits.ts';
import { DockerSandboxes } from './sandbox/docker-sandboxes.ts';
import { NetworkNamespaces } from './sandbox/network-namespaces.ts';
import { StartedPods } from './sandbox/started-pods.ts';

export interface DockerBackendDependencies {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly host: HostFacts;
  readonly cgroups: Cgroups;
  readonly worker: NamespaceWorker;
  readonly namespaces: PinnedNamespaces;
  readonly images: DockerImages;
  readonly cdi: CdiResolver;
}

/** Longest wait for what is under way when the backend closes, in ms. */
const CLOSE_MS = 10_000;

/**
 * Runs pods on Docker Engine: an infra container keeps a pod's namespaces, and the pod's containers join
 * them. The engine's labels hold all that a lost record held; its log is copied to the kubelet's.
 */
export class DockerBackend implements Backend {
  readonly kind = 'docker';
  readonly rootfs = 'backend';
  readonly isolation: Isolation;
  readonly sandboxes: DockerSandboxes;
  readonly containers: DockerContainers;
  readonly processes: DockerProcesses;
  readonly imageCopies: ImageCopySupport = { remove: async (imageId) => await this.#images.remove(imageId) };
  readonly engine: EngineSupport;
  readonly #images: DockerImageStore;
  readonly #turns = new Turns();
  readonly #events = new EventStream();
  readonly #known = new KnownStates();
  readonly #networks: NetworkNamespaces;
  readonly #started: StartedPods;
  readonly #logs: ContainerLogs;
  readonly #reporter: ExitReporter;
  readonly #watch: EngineWatch;
  readonly #health: DockerHealth;
  readonly #inventory: InventoryDependencies;
  #wasConnected = false;

  constructor(options: DockerOptions & DockerPlacement, dependencies: DockerBackendDependencies) {
    const { logger, clock, cgroups, worker, namespaces, images, cdi } = dependencies;
    this.engine = new EngineProcesses({ socketPath: options.socket });
    this.isolation = runtimeIsolation(options.runtime ?? 'runc');
    const { instance, cgroupDriver, callTimeoutMs } = options;
    const host = engineHostOf(dependencies.host);
    const engine = new DockerEngine({ socketPath: options.socket, callTimeoutMs });
    const link = new EngineLink({ callTimeoutMs }, { engine });
    const turns = this.#turns;
    const known = this.#known;
    const ending = new Set<SandboxId>();
    const exits = new ExecExits();
    const memoryDeaths = new MemoryDeaths();
    const networks = (this.#networks = new NetworkNamespaces(
      { directory: options.networkNamespaceDirectory },
      { worker, namespaces },
    ));
    const started = (this.#started = new StartedPods({ directory: join(options.stateDirectory, 'started') }));
    const logs = (this.#logs = new ContainerLogs({ link, clock, logger }));
    this.#images = new DockerImageStore({ link, images });
    this.containers = new DockerContainers(options, {
      ...{ link, turns, known, logs, cgroups, host, cdi },
      images: this.#images,
    });
    this.sandboxes = new DockerSandboxes(options, {
      ...{ link, turns, known, networks, started, cgroups, ending },
      containers: this.containers,
      pause: new PauseImage(options, { link }),
    });
    this.processes = new DockerProcesses({ link, exits, cgroups, events: (signal) => this.events(signal) });
    this.#reporter = new ExitReporter({
      ...{ link, logs, logger, known, ending },
      memoryDeaths,
      isKilled: (id) => this.containers.isKilled(id),
      tell: (event) => this.#events.push(event),
      execEnded: (execId, exitCode) => exits.ended(execId, exitCode),
    });
    this.#watch = new EngineWatch(
      { label: instanceLabel(instance) },
      {
        ...{ link, logger },
        connected: (signal) => this.#connected(signal),
        happened: (event) => this.#reporter.happened(event),
      },
    );
    this.#health = new DockerHealth(options, { link, host });
    this.#inventory = { instance, cgroupDriver, link, networks, started, memoryDeaths };
  }

  /** An engine that is not there yet is waited for in the background. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#networks.prepare(signal);
    await this.#started.load();
    await this.#watch.start();
  }

  async close(): Promise<void> {
    this.#images.close();
    await this.#turns.idle(CLOSE_MS);
    await this.#watch.close();
    this.processes.close();
    await this.#logs.close();
    await this.#reporter.settled();
    this.#events.close();
  }

  async health(signal: AbortSignal): Promise<BackendHealth> {
    return await this.#health.check(signal);
  }

  async inventory(signal: AbortSignal): Promise<Inventory> {
    signal.throwIfAborted();
    return await takeInventory(this.#inventory, signal);
  }

  events(signal: AbortSignal): AsyncIterable<BackendEvent> {
    return this.#events.listen(signal);
  }

  /** Breaks the connection for events, as an engine does that goes away. For tests. */
  interruptEvents(): void {
    this.#watch.interrupt();
  }

  async #connected(signal: AbortSignal): Promise<void> {
    this.#known.clear();
    for (const { identity, details } of await findContainers(this.#inventory, signal)) {
      if (identity.kind === 'container' && details.State.Status !== 'created') {
        this.#logs.resume(identity.id, details);
      }
    }
    if (this.#wasConnected) this.#events.push({ type: 'resync' });
    this.#wasConnected = true;
  }
}
