import { constants } from 'node:os';
import type {
  AttachSpec,
  BackendEvent,
  Container,
  ContainerOperations,
  CreatedContainer,
  ExecSpec,
  InventoryContainer,
  ProcessOperations,
  ProcessSession,
  Resources,
  Sandbox,
  StartedContainer,
} from '@crihub/contract';
import {
  type Clock,
  type ContainerId,
  kindOf,
  type Logger,
  type SandboxId,
  withDeadline,
} from '@crihub/kernel';
import { parseSignal } from '@crihub/service-oci';
import {
  type ContainerRecord,
  containerRecord,
  type ContainerDriver,
  JsonRecords,
  LocalFiles,
} from '@crihub/service-oci-containers';
import { notFound, wrongState } from '@crihub/service-sandbox';
import { DeadGuests } from './dead-guests.ts';
import { GuestDriver, type GuestDriverSettings } from './guest-driver.ts';
import type { GuestExecutor } from './guest-executor.ts';
import { guestInventory } from './guest-inventory.ts';
import type { Guest } from './guest.ts';
import { type PauseRecord, pauseRecord } from './pause-records.ts';
import { PodShare, type PodShareDirectories } from './pod-share.ts';

export interface GuestContainersSettings extends GuestDriverSettings {
  /** Survives a reboot: one small record for each container. */
  readonly stateDirectory: string;
}

export interface GuestContainersDependencies {
  /** Where the pod's share is on this host, whether or not its machine runs. */
  readonly directoriesOf: (id: SandboxId) => PodShareDirectories;
  /** Ends the pod's machine at once: the last resort for containers that can't be killed in it. */
  readonly killMachine: (id: SandboxId, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tell: (event: BackendEvent) => void;
}

/** The containers of all guests; each is driven in the guest of its pod. */
export class GuestContainers implements ContainerOperations, ProcessOperations {
  readonly #settings: GuestContainersSettings;
  readonly #dependencies: GuestContainersDependencies;
  readonly #records: JsonRecords<ContainerId, ContainerRecord>;
  readonly #pauses: JsonRecords<SandboxId, PauseRecord>;
  readonly #drivers = new Map<SandboxId, GuestDriver>();
  readonly #dead: DeadGuests;

  constructor(settings: GuestContainersSettings, dependencies: GuestContainersDependencies) {
    this.#settings = settings;
    this.#dependencies = dependencies;
    const { stateDirectory } = settings;
    const { logger, directoriesOf } = dependencies;
    const files = new LocalFiles();
    this.#records = new JsonRecords(
      { directory: `${stateDirectory}/containers`, schema: containerRecord },
      { files, logger },
    );
    this.#pauses = new JsonRecords(
      { directory: `${stateDirectory}/pauses`, schema: pauseRecord },
      { files, logger },
    );
    this.#dead = new DeadGuests({ records: this.#records, directoriesOf });
  }

  /** Reads what an earlier daemon wrote. */
  async load(): Promise<void> {
    const files = new LocalFiles();
    const { stateDirectory } = this.#settings;
    for (const name of ['containers', 'pauses']) await files.makeDirectory(`${stateDirectory}/${name}`);
    await Promise.all([this.#records.load(), this.#pauses.load()]);
  }

  /** Lets go of all guests, whose containers run on. */
  close(): void {
    for (const driver of this.#drivers.values()) driver.close();
    this.#drivers.clear();
  }

  /** A pod's machine runs: from now on its containers can be driven. Repeatable. */
  async guestStarted(guest: Guest, sandbox: Sandbox, signal: AbortSignal): Promise<void> {
    const { sandboxId } = guest;
    if (this.#drivers.has(sandboxId)) return;
    const driver = new GuestDriver(this.#settings, {
      ...this.#dependencies,
      guest,
      share: this.share(sandboxId),
      records: this.#records,
      pauses: this.#pauses,
    });
    try {
      await driver.start(sandbox, signal);
    } catch (error) {
      driver.close();
      throw error;
    }
    this.#drivers.set(sandboxId, driver);
  }

  /** A pod's machine has ended: tells the ends of its containers. Repeatable. */
  async guestEnded(id: SandboxId): Promise<void> {
    this.#drivers.get(id)?.close();
    this.#drivers.delete(id);
    for (const exited of await this.#dead.endContainers(id)) this.#dependencies.tell(exited);
  }

  /** Forgets a pod whose machine has ended, with all containers that are left of it. */
  async forgetSandbox(id: SandboxId, signal: AbortSignal): Promise<void> {
    for (const [container, record] of this.#records.entries()) {
      if (record.container.sandboxId === id) await this.remove(container, signal);
    }
    await this.#pauses.remove(id);
  }

  /** The guest of a pod whose machine runs, for what is asked of it beside its containers. */
  executorOf(id: SandboxId): GuestExecutor | undefined {
    return this.#drivers.get(id)?.executor;
  }

  /** The directories that the pod's guest is given of this host. */
  share(id: SandboxId): PodShare {
    return new PodShare(this.#dependencies.directoriesOf(id));
  }

  async create(container: Container, sandbox: Sandbox, signal: AbortSignal): Promise<CreatedContainer> {
    signal.throwIfAborted();
    const driver = this.#drivers.get(sandbox.id);
    if (driver === undefined) throw notRunning('create a container in', sandbox.id);
    await driver.driver.containers.create(container, sandbox, signal);
    return {}; // its cgroup is the guest's
  }

  async start(id: ContainerId, signal: AbortSignal): Promise<StartedContainer> {
    const { containers } = this.#live('start', id);
    const { startedAt } = await containers.start(id, signal);
    return { startedAt };
  }

  async signal(id: ContainerId, name: string, scope: 'init' | 'all', signal: AbortSignal): Promise<void> {
    const record = this.#records.get(id);
    const driver = record && this.#drivers.get(record.container.sandboxId);
    if (record === undefined || driver === undefined) return;
    try {
      await withDeadline(`signalling container ${id} in its guest`, SIGNAL_MS, signal, async (deadline) =>
        driver.driver.containers.signal(id, name, scope, deadline),
      );
    } catch (error) {
      signal.throwIfAborted();
      if (!UNREACHABLE.includes(kindOf(error))) throw error;
      await this.#signalUnheard(record, name, signal);
    }
  }

  async remove(id: ContainerId, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const record = this.#records.get(id);
    if (record === undefined) return;
    const { sandboxId } = record.container;
    const driver = this.#drivers.get(sandboxId);
    if (driver !== undefined) return await driver.driver.containers.remove(id, signal);
    await this.share(sandboxId).removeContainer(id);
    await this.#dead.removeExit(id, sandboxId);
    await this.#records.remove(id);
  }

  async update(id: ContainerId, resources: Resources, signal: AbortSignal): Promise<void> {
    await this.#live('update', id).containers.update(id, resources, signal);
  }

  async reopenLog(id: ContainerId, signal: AbortSignal): Promise<void> {
    await this.#live('reopen the log of', id).containers.reopenLog(id, signal);
  }

  async exec(id: ContainerId, exec: ExecSpec, signal: AbortSignal): Promise<ProcessSession> {
    return await this.#live('exec in', id).processes.exec(id, exec, signal);
  }

  async attach(id: ContainerId, attach: AttachSpec, signal: AbortSignal): Promise<ProcessSession> {
    return await this.#live('attach to', id).processes.attach(id, attach, signal);
  }

  async inventory(): Promise<readonly InventoryContainer[]> {
    return await Promise.all(
      this.#records.entries().map(async ([id, record]) => {
        const driver = this.#drivers.get(record.container.sandboxId);
        const states = driver?.driver.states ?? this.#dead.states(record.container.sandboxId);
        return await guestInventory(id, record, states);
      }),
    );
  }

  /** Whoever stops a container goes on to SIGKILL after any other signal, and that ends the machine. */
  async #signalUnheard({ container }: ContainerRecord, name: string, signal: AbortSignal): Promise<void> {
    const { logger, killMachine } = this.#dependencies;
    const subject = { container: container.id, sandbox: container.sandboxId, signal: name };
    if (parseSignal(name) !== constants.signals.SIGKILL) {
      logger.warn('a guest does not answer; its container was not signalled', subject);
      return;
    }
    logger.warn('a guest does not kill its container; its machine is ended', subject);
    await killMachine(container.sandboxId, signal);
  }

  #live(operation: string, id: ContainerId): ContainerDriver {
    const record = this.#records.get(id);
    if (record === undefined) throw notFound(operation, 'container', id);
    const driver = this.#drivers.get(record.container.sandboxId);
    if (driver === undefined) throw wrongState(operation, 'container', id, 'exited', 'in a running machine');
    return driver.driver;
  }
}

/** Time for a guest to take a signal, in ms. */
const SIGNAL_MS = 10_000;

const UNREACHABLE: readonly string[] = ['Unavailable', 'DeadlineExceeded'];

const notRunning = (operation: string, id: SandboxId): Error =>
  wrongState(operation, 'sandbox', id, 'without its machine', 'running');
