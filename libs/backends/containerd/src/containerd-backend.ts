import type {
  Backend,
  BackendEvent,
  BackendHealth,
  CheckpointSupport,
  EngineSupport,
  ImageCopySupport,
  ImageSource,
  Inventory,
  Isolation,
} from '@crihub/contract';
import { type Clock, type ContainerId, describeError, type Logger, type SandboxId } from '@crihub/kernel';
import type { Cgroups, HostFacts, Mounts, PinnedNamespaces } from '@crihub/linux';
import { runtimeIsolation } from '@crihub/service-oci';
import {
  type CdiResolver,
  ContainerSpecs,
  EngineProcesses,
  EventStream,
  hostFeaturesOf,
  SandboxNamespaces,
  specHostOf,
  Turns,
} from '@crihub/service-sandbox';
import { GrpcConnection } from '@crihub/transport/grpc-client';
import { ContainerStore } from './api/container-store.ts';
import { TaskService, type TaskExit } from './api/task-service.ts';
import { ContainerdCheckpoints } from './checkpoint/containerd-checkpoints.ts';
import { ContainerCreation } from './container/container-creation.ts';
import { ContainerdContainers } from './container/containerd-containers.ts';
import { LocalContainers } from './container/local-containers.ts';
import { Reaper } from './events/reaper.ts';
import { Resync, sandboxExited } from './events/resync.ts';
import { TaskEvents } from './events/task-events.ts';
import { ContainerdHealth } from './health/containerd-health.ts';
import { InventoryTaker } from './inventory.ts';
import { FifoHolder } from './io/fifo-holder.ts';
import { PendingOutputs } from './io/pending-outputs.ts';
import { rootsOf } from './images/roots-of.ts';
import type { ImageCopies } from './images/image-copies.ts';
import { Layout } from './layout.ts';
import { type ContainerdOptions, type ContainerdPlacement, ociRuntimeOf, RUNC_SHIM } from './options.ts';
import { ContainerdProcesses } from './process/containerd-processes.ts';
import { makeLocal, readLocal, removeLocal } from './records/local-file.ts';
import { ContainerdSandboxes } from './sandbox/containerd-sandboxes.ts';
import { localSandbox } from './sandbox/local-sandbox.ts';
import { Pause } from './sandbox/pause.ts';
import { LeakedShims } from './shims/leaked-shims.ts';
import { ShimTurns } from './shims/shim-turns.ts';

export interface ContainerdBackendDependencies {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly host: HostFacts;
  readonly cgroups: Cgroups;
  readonly namespaces: PinnedNamespaces;
  readonly mounts: Mounts;
  readonly cdi: CdiResolver;
  readonly images: ImageSource;
}

/**
 * Runs containers by containerd's own API, in a containerd namespace of crihub's. containerd keeps the
 * records and its shims keep the processes, so either daemon may be away for a while; the output waits in
 * FIFOs until this backend writes it to the logs.
 */
export class ContainerdBackend implements Backend {
  readonly kind = 'containerd';
  readonly rootfs: Backend['rootfs'];
  readonly isolation: Isolation;
  readonly sandboxes: ContainerdSandboxes;
  readonly containers: ContainerdContainers;
  readonly processes: ContainerdProcesses;
  readonly engine: EngineSupport;
  readonly checkpoint: CheckpointSupport;
  readonly imageCopies?: ImageCopySupport;
  readonly #logger: Logger;
  readonly #connection: GrpcConnection;
  readonly #layout: Layout;
  readonly #namespaces: PinnedNamespaces;
  readonly #local: LocalContainers;
  readonly #copies: ImageCopies | undefined;
  readonly #turns = new Turns();
  readonly #events = new EventStream();
  readonly #taskEvents: TaskEvents;
  readonly #reaper: Reaper;
  readonly #health: ContainerdHealth;
  readonly #inventory: InventoryTaker;

  constructor(options: ContainerdOptions & ContainerdPlacement, dependencies: ContainerdBackendDependencies) {
    const { logger, clock, host, cgroups, namespaces, mounts, cdi } = dependencies;
    const { socketPath, namespace, callTimeoutMs, runtimeType } = options;
    this.engine = new EngineProcesses({ socketPath });
    this.isolation = runtimeIsolation(runtimeType === RUNC_SHIM ? ociRuntimeOf(options) : runtimeType);
    const specHost = specHostOf(host);
    const identity = { handler: options.handler, bootId: host.bootId };
    const connection = new GrpcConnection({
      socketPath,
      server: `containerd at ${socketPath}`,
      metadata: { 'containerd-namespace': namespace },
      callTimeoutMs,
    });
    const tell = (event: BackendEvent): void => this.#events.push(event);
    const layout = new Layout(options);
    const store = new ContainerStore(connection);
    const files = { makeDirectory: makeLocal, remove: removeLocal };
    const tasks = new TaskService(options, connection);
    const holder = new FifoHolder({ directory: options.runDirectory }, { logger });
    const pendings = new PendingOutputs({ directory: layout.pendingOutput });
    const local = new LocalContainers({ layout, holder, pendings, clock, logger });
    const specs = new ContainerSpecs({ host: specHost, rlimits: options.rlimits }, { cdi });
    const leakedShims = new LeakedShims({ clock });
    const shimTurns = new ShimTurns();
    const shared = { layout, store, tasks, local, clock, turns: this.#turns, leakedShims, shimTurns };
    const { roots, copies } = rootsOf(options, connection, dependencies.images);
    const creation = new ContainerCreation({ ...options, ...identity }, { ...shared, specs, roots });
    this.containers = new ContainerdContainers({ ...shared, creation, roots, cgroups, host: specHost });
    this.sandboxes = new ContainerdSandboxes(
      { ...options, ...identity },
      {
        ...shared,
        cgroups,
        namespaces: new SandboxNamespaces({ layout, files, namespaces, mounts }),
        pause: new Pause({ ...options, minOomScoreAdj: specHost.minOomScoreAdj }, shared),
        containers: this.containers,
      },
    );
    this.processes = new ContainerdProcesses({ ...shared, cgroups, logger });
    this.checkpoint = new ContainerdCheckpoints(options, shared);
    const reaper = new Reaper({ ...shared, cgroups, logger, tell });
    const resync = new Resync({ ...shared, reaper, tell });
    this.#taskEvents = new TaskEvents(
      { namespace },
      {
        connection,
        logger,
        exited: (id, exit) => this.#exited(id, exit),
        outOfMemory: (id) => reaper.outOfMemory(id),
        subscribed: (signal) => resync.run(signal),
      },
    );
    this.#health = new ContainerdHealth(options, { connection, features: hostFeaturesOf(host) });
    this.#inventory = new InventoryTaker({ ...identity, namespace, socketPath }, shared);
    this.rootfs = copies === undefined ? 'hub' : 'backend';
    if (copies !== undefined) this.imageCopies = copies;
    this.#copies = copies;
    this.#logger = logger;
    this.#connection = connection;
    this.#layout = layout;
    this.#namespaces = namespaces;
    this.#local = local;
    this.#reaper = reaper;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { sandboxes, containers, networkNamespaces } = this.#layout;
    await Promise.all([sandboxes, containers].map((path) => makeLocal(path)));
    await this.#namespaces.prepareDirectory(networkNamespaces, signal);
    await this.#local.adopt();
    this.#taskEvents.start();
  }

  async close(): Promise<void> {
    await this.#taskEvents.close();
    this.#copies?.close();
    await this.#turns.idle(CLOSE_MS);
    await this.processes.close();
    await this.#local.close();
    this.#events.close();
    this.#connection.close();
  }

  async health(signal: AbortSignal): Promise<BackendHealth> {
    return await this.#health.check(signal);
  }

  async inventory(signal: AbortSignal): Promise<Inventory> {
    signal.throwIfAborted();
    return await this.#inventory.take(signal);
  }

  events(signal: AbortSignal): AsyncIterable<BackendEvent> {
    return this.#events.listen(signal);
  }

  #exited(id: string, exit: TaskExit): void {
    const container = this.#local.get(id as ContainerId);
    if (container !== undefined) void this.#reaper.reap(container, exit);
    else this.#tellIfSandbox(id as SandboxId);
  }

  #tellIfSandbox(id: SandboxId): void {
    readLocal(this.#layout.sandbox(id), localSandbox).then(
      (local) => {
        if (local?.step === 'running') this.#events.push(sandboxExited(id));
      },
      (error: unknown) =>
        this.#logger.warn("could not read a pod's state", { id, error: describeError(error) }),
    );
  }
}

/** For operations whose callers have left, when containerd does not answer. */
const CLOSE_MS = 5_000;
