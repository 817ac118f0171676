import type { Backend, BackendEvent, BackendHealth, Inventory, Isolation } from '@crihub/contract';
import type { PinnedNamespaces } from '@crihub/linux';
import { runtimeIsolation } from '@crihub/service-oci';
import { EventStream } from '@crihub/service-sandbox';
import type { ContainerDriver, OciContainers, OciProcesses } from '@crihub/service-oci-containers';
import {
  makeDriver,
  makeHealth,
  makeSandboxes,
  makeStores,
  type RuncBackendDependencies,
  type RuncSettings,
  type Stores,
} from './assembly.ts';
import type { RuncHealth } from './health/runc-health.ts';
import { takeInventory } from './inventory.ts';
import type { RuncSandboxes } from './sandbox/runc-sandboxes.ts';

/**
 * Runs containers with an OCI runtime (runc, crun, …) under conmon, which outlives the daemon and keeps
 * their log and their exit code. A pod is a set of pinned namespaces; no process stands for it unless its
 * containers share a PID namespace.
 */
export class RuncBackend implements Backend {
  readonly kind = 'runc';
  readonly rootfs = 'hub';
  readonly isolation: Isolation;
  readonly sandboxes: RuncSandboxes;
  readonly containers: OciContainers;
  readonly processes: OciProcesses;
  readonly #stores: Stores;
  readonly #driver: ContainerDriver;
  readonly #health: RuncHealth;
  readonly #namespaces: PinnedNamespaces;
  readonly #events = new EventStream();

  constructor(settings: RuncSettings, dependencies: RuncBackendDependencies) {
    this.isolation = runtimeIsolation(settings.runtime);
    const stores = makeStores(settings, dependencies);
    const tell = (event: BackendEvent): void => this.#events.push(event);
    const driver = makeDriver(settings, stores, dependencies, tell);
    this.sandboxes = makeSandboxes(settings, stores, driver, dependencies);
    this.containers = driver.containers;
    this.processes = driver.processes;
    this.#stores = stores;
    this.#driver = driver;
    this.#health = makeHealth(stores, dependencies);
    this.#namespaces = dependencies.namespaces;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { layout, executor, sandboxes, containers } = this.#stores;
    await Promise.all(layout.directories.map((directory) => executor.files.makeDirectory(directory)));
    await this.#namespaces.prepareDirectory(layout.networkNamespaces, signal);
    await Promise.all([sandboxes.load(), containers.load()]);
    await this.#driver.start();
  }

  async close(): Promise<void> {
    this.#driver.close();
    this.#events.close();
  }

  async health(signal: AbortSignal): Promise<BackendHealth> {
    return await this.#health.check(signal);
  }

  async inventory(signal: AbortSignal): Promise<Inventory> {
    signal.throwIfAborted();
    return await takeInventory({ ...this.#stores, states: this.#driver.states });
  }

  events(signal: AbortSignal): AsyncIterable<BackendEvent> {
    return this.#events.listen(signal);
  }
}
