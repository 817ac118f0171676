import type { Backend, BackendEvent, BackendHealth, Inventory } from '@crihub/contract';
import type { PinnedNamespaces } from '@crihub/linux';
import { EventStream } from '@crihub/service-sandbox';
import {
  makeHealth,
  makeOperations,
  makeStores,
  makeTools,
  makeWatches,
  type Operations,
  type RuncBackendDependencies,
  type RuncSettings,
  type Stores,
  type Watches,
} from './assembly.ts';
import type { ContainerStates } from './container/container-state.ts';
import type { RuncHealth } from './health/runc-health.ts';
import { takeInventory } from './inventory.ts';

/**
 * Runs containers with an OCI runtime (runc, crun, …) under conmon, which outlives the daemon and keeps
 * their log and their exit code. A pod is a set of pinned namespaces; no process stands for it unless its
 * containers share a PID namespace.
 */
export class RuncBackend implements Backend {
  readonly kind = 'runc';
  readonly rootfs = 'hub';
  readonly sandboxes: Operations['sandboxes'];
  readonly containers: Operations['containers'];
  readonly processes: Operations['processes'];
  readonly #stores: Stores;
  readonly #states: ContainerStates;
  readonly #watches: Watches;
  readonly #health: RuncHealth;
  readonly #namespaces: PinnedNamespaces;
  readonly #events = new EventStream();

  constructor(settings: RuncSettings, dependencies: RuncBackendDependencies) {
    const stores = makeStores(settings, dependencies);
    const tools = makeTools(settings, stores);
    const { sandboxes, containers, processes } = makeOperations(settings, stores, tools, dependencies);
    this.sandboxes = sandboxes;
    this.containers = containers;
    this.processes = processes;
    this.#stores = stores;
    this.#states = tools.states;
    this.#health = makeHealth(stores, tools, dependencies);
    this.#namespaces = dependencies.namespaces;
    const tell = (event: BackendEvent): void => this.#events.push(event);
    this.#watches = makeWatches(settings, stores, dependencies.logger, tell);
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { layout, executor, sandboxes, containers } = this.#stores;
    await Promise.all(layout.directories.map((directory) => executor.files.makeDirectory(directory)));
    await this.#namespaces.prepareDirectory(layout.networkNamespaces, signal);
    await Promise.all([sandboxes.load(), containers.load()]);
    await this.#watches.exitWatcher.start();
    this.#watches.monitorWatch.start();
  }

  async close(): Promise<void> {
    this.#watches.exitWatcher.close();
    this.#watches.monitorWatch.close();
    this.#events.close();
  }

  async health(signal: AbortSignal): Promise<BackendHealth> {
    return await this.#health.check(signal);
  }

  async inventory(signal: AbortSignal): Promise<Inventory> {
    signal.throwIfAborted();
    return await takeInventory({ ...this.#stores, states: this.#states });
  }

  events(signal: AbortSignal): AsyncIterable<BackendEvent> {
    return this.#events.listen(signal);
  }
}
