import { mkdir } from 'node:fs/promises';
import type { Backend, BackendEvent, BackendHealth, Inventory, PortForwardSupport } from '@crihub/contract';
import { type Clock, describeError, type Logger, type SandboxId } from '@crihub/kernel';
import { type Cgroups, type HostFacts, type Mounts, type PinnedNamespaces } from '@crihub/linux';
import { JsonRecords, LocalExecutor } from '@crihub/service-oci-containers';
import { EventStream } from '@crihub/service-sandbox';
import { GuestContainers } from './guest/guest-containers.ts';
import { GuestFigureReader } from './guest/guest-statistics.ts';
import { podShareDirectories } from './guest/pod-share.ts';
import { KataHealth } from './health/kata-health.ts';
import { takeInventory } from './inventory.ts';
import { KataLayout } from './layout.ts';
import { Creations } from './machine/creations.ts';
import { KnownPlatform } from './machine/known-platform.ts';
import { Launcher } from './machine/launcher.ts';
import { Machines } from './machine/machines.ts';
import type { KataOptions, KataPlacement } from './options.ts';
import { KataSandboxes } from './sandbox/kata-sandboxes.ts';
import { RunningMachines } from './sandbox/running-machines.ts';
import { type SandboxRecord, sandboxRecord } from './sandbox/sandbox-record.ts';
import { Pool } from './spare/pool.ts';
import { SparePlaces } from './spare/spare-places.ts';
import { Templates } from './template/templates.ts';

export interface KataBackendDependencies {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly host: HostFacts;
  readonly cgroups: Cgroups;
  readonly namespaces: PinnedNamespaces;
  readonly mounts: Mounts;
}

export type KataSettings = KataOptions & KataPlacement;

/** The least that guests have; some system calls are allowed from a version on. */
const GUEST_KERNEL = [6, 1] as const;

/**
 * A virtual machine for each pod, driven over SSH: one QEMU process on this host, and the containers are
 * namespaces in its guest.
 */
export class KataBackend implements Backend {
  readonly kind = 'kata';
  readonly rootfs = 'hub';
  readonly isolation = 'virtualMachine';
  readonly sandboxes: KataSandboxes;
  readonly containers: GuestContainers;
  readonly processes: GuestContainers;
  readonly portForward: PortForwardSupport;
  readonly statistics: GuestFigureReader;
  readonly warmPool?: Pool;
  readonly #layout: KataLayout;
  readonly #records: JsonRecords<SandboxId, SandboxRecord>;
  readonly #running: RunningMachines;
  readonly #health: KataHealth;
  readonly #platform: KnownPlatform;
  readonly #places: SparePlaces;
  readonly #templates: Templates | undefined;
  readonly #machines: Machines;
  readonly #events = new EventStream();
  readonly #dependencies: KataBackendDependencies;

  constructor(settings: KataSettings, dependencies: KataBackendDependencies) {
    const { logger, clock, host, namespaces, mounts } = dependencies;
    const layout = new KataLayout(settings);
    const executor = new LocalExecutor(dependencies);
    const knownPlatform = (this.#platform = new KnownPlatform(settings));
    const platform = (signal: AbortSignal): ReturnType<KnownPlatform['get']> => knownPlatform.get(signal);
    const sharesOf = (id: SandboxId): ReturnType<typeof podShareDirectories> =>
      podShareDirectories(layout.sandbox(id));
    const records = new JsonRecords<SandboxId, SandboxRecord>(
      { directory: layout.sandboxRecords, schema: sandboxRecord },
      { files: executor.files, logger },
    );
    const running = new RunningMachines({ lost: (id) => void this.#machineEnded(id) });
    const containers = new GuestContainers(
      { ...settings, kernelVersion: GUEST_KERNEL },
      {
        ...dependencies,
        directoriesOf: sharesOf,
        killMachine: async (id) => {
          if (running.has(id)) await running.get(id).kill();
        },
        tell: (event: BackendEvent) => this.#events.push(event),
      },
    );
    const size = { memoryBytes: settings.memory, cpus: settings.cpus };
    const launcher = new Launcher(settings, { executor, mounts, platform });
    const creations = new Creations();
    const places = (this.#places = new SparePlaces(
      { directory: layout.spares, cgroupDriver: settings.cgroupDriver },
      { launcher, executor },
    ));
    if (settings.template) {
      this.#templates = new Templates(
        { directory: layout.templates, bootId: host.bootId, qemuPath: settings.qemuPath },
        { launcher, places, platform, creations, logger },
      );
    }
    const spareDependencies = {
      launcher,
      places,
      templates: this.#templates,
      creations,
      mounts,
      clock,
      logger,
    };
    if (settings.warmPool > 0) {
      this.warmPool = new Pool({ ...settings, size, count: settings.warmPool }, spareDependencies);
    }
    const machines = (this.#machines = new Machines(settings, {
      ...spareDependencies,
      executor,
      pool: this.warmPool,
      directoryOf: (id) => layout.sandbox(id),
    }));
    this.#dependencies = dependencies;
    this.#layout = layout;
    this.#records = records;
    this.#running = running;
    this.#health = new KataHealth({ ...settings, podsDirectory: layout.pods });
    this.containers = containers;
    this.processes = containers;
    this.sandboxes = new KataSandboxes(
      { bootId: host.bootId, cgroupDriver: settings.cgroupDriver, size },
      { records, layout, executor, namespaces, machines, running, containers, logger },
    );
    this.statistics = new GuestFigureReader({
      connect: async (id, signal) => await running.get(id).ssh(signal),
    });
    this.portForward = {
      connect: async (id, port, signal) => {
        const ssh = await running.get(id).ssh(signal);
        return await ssh.connectTcp('127.0.0.1', port, signal);
      },
    };
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { sandboxRecords, pods, networkNamespaces } = this.#layout;
    for (const directory of [sandboxRecords, pods]) await mkdir(directory, { recursive: true, mode: 0o711 });
    await this.#dependencies.namespaces.prepareDirectory(networkNamespaces, signal);
    await Promise.all([
      this.#records.load(),
      this.containers.load(),
      this.#places.clear(),
      this.#templates?.start(),
    ]);
    this.#platform.begin();
    await this.sandboxes.adopt(signal);
    this.warmPool?.fill();
  }

  async close(): Promise<void> {
    this.containers.close();
    await this.#templates?.close();
    await this.warmPool?.close();
    await this.#machines.close();
    await this.#running.close();
    this.#events.close();
  }

  /** Resolves when no template is being made. */
  async settled(): Promise<void> {
    await this.#templates?.settled();
  }

  async health(signal: AbortSignal): Promise<BackendHealth> {
    return await this.#health.check(signal);
  }

  async inventory(signal: AbortSignal): Promise<Inventory> {
    signal.throwIfAborted();
    return await takeInventory({
      bootId: this.#dependencies.host.bootId,
      layout: this.#layout,
      records: this.#records,
      running: this.#running,
      containers: this.containers,
    });
  }

  events(signal: AbortSignal): AsyncIterable<BackendEvent> {
    return this.#events.listen(signal);
  }

  async #machineEnded(id: SandboxId): Promise<void> {
    const { logger } = this.#dependencies;
    logger.warn('the machine of a pod has ended', { sandbox: id });
    try {
      await this.containers.guestEnded(id);
    } catch (error) {
      logger.error('the ends of containers could not be written down', {
        sandbox: id,
        error: describeError(error),
      });
      this.#events.push({ type: 'resync' });
    }
    this.#events.push({ type: 'sandboxExited', id, message: 'its virtual machine has ended' });
  }
}
