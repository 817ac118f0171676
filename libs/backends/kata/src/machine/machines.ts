import type { BackendPhases, PodNetworkAttachment, Sandbox } from '@crihub/contract';
import { type Clock, describeError, type Logger, type SandboxId, withDeadline } from '@crihub/kernel';
import type { Mounts, ProcessRef } from '@crihub/linux';
import type { LocalExecutor } from '@crihub/service-oci-containers';
import { type PodShare, podShareDirectories } from '../guest/pod-share.ts';
import { handOver } from '../spare/hand-over.ts';
import type { Pool } from '../spare/pool.ts';
import type { SparePlaces } from '../spare/spare-places.ts';
import type { Templates } from '../template/templates.ts';
import { bringUp, READY_MS } from './bring-up.ts';
import type { Creations } from './creations.ts';
import type { Launcher } from './launcher.ts';
import { machineFiles, type MachineFiles } from './machine-files.ts';
import type { MachineOrigin } from './machine-origin.ts';
import type { SavedMachine } from './machine-state.ts';
import { Machine } from './machine.ts';
import type { MachineShares, MachineSize } from './qemu-arguments.ts';
import { findQemu, killQemu } from './qemu-process.ts';

export interface MachinesOptions {
  readonly bootTimeoutMs: number;
}

export interface MachinesDependencies {
  readonly launcher: Launcher;
  readonly executor: LocalExecutor;
  readonly places: SparePlaces;
  readonly pool: Pool | undefined;
  /** Absent: every machine boots. */
  readonly templates: Templates | undefined;
  readonly creations: Creations;
  readonly mounts: Pick<Mounts, 'of'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The directory of a pod's own. */
  readonly directoryOf: (id: SandboxId) => string;
  readonly shareOf: (id: SandboxId) => PodShare;
}

/** What one machine is started with. */
export interface MachinePlan {
  readonly sandbox: Sandbox;
  readonly size: MachineSize;
  readonly networkNamespace: string;
  /** Path of the cgroup that the machine is charged to. */
  readonly cgroup: string;
}

/** A machine whose QEMU runs. */
export interface LaunchedMachine {
  readonly process: ProcessRef;
  readonly origin: MachineOrigin;
}

export interface RunningMachine {
  readonly machine: Machine;
  readonly phases: BackendPhases;
}

/** Time for QEMU itself to answer, which needs nothing of its guest, in ms. */
const ADOPTION_MS = 5_000;

/** What is known of a machine that an earlier daemon has brought up. */
export interface AdoptedMachine {
  readonly process: ProcessRef;
  readonly guestBootId: string;
}

const FIRST_CONNECTION_MS = 30_000;

/** Starts machines, and finds those of an earlier daemon. */
export class Machines {
  readonly #options: MachinesOptions;
  readonly #dependencies: MachinesDependencies;
  /** Of the pool, and not brought up yet. */
  readonly #taken = new Map<SandboxId, Machine>();

  constructor(options: MachinesOptions, dependencies: MachinesDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /**
   * Gives a pod a machine: one that was kept ready, or one whose guest goes on from a template, or boots. Until
   * `bringUp` or `remove` the pod is being made.
   */
  async launch(plan: MachinePlan, signal: AbortSignal): Promise<LaunchedMachine> {
    this.#dependencies.creations.begin(plan.sandbox.id);
    return (await this.#takeSpare(plan, signal)) ?? (await this.#launchAnew(plan, signal));
  }

  /**
   * Makes the machine the pod's. In place of one that does not come up another one is started, and for one that
   * does not boot, that once.
   * @throws Unavailable with the end of the guest's console.
   */
  async bringUp(
    plan: MachinePlan,
    launched: LaunchedMachine,
    network: PodNetworkAttachment | undefined,
    signal: AbortSignal,
  ): Promise<RunningMachine> {
    const { creations } = this.#dependencies;
    try {
      for (let attempt = launched, boots = 0; ;) {
        try {
          return await this.#join(plan, attempt, network, signal);
        } catch (error) {
          signal.throwIfAborted();
          if (attempt.origin === 'boot' && (boots += 1) > 1) throw error;
          attempt = await this.#replace(plan, attempt, error, signal);
        }
      }
    } finally {
      creations.end(plan.sandbox.id);
    }
  }

  /**
   * Takes over a machine that an earlier daemon has brought up, whether or not its guest answers. Undefined if it
   * has ended. @throws DeadlineExceeded if QEMU does not answer.
   */
  async adopt(
    id: SandboxId,
    { process, guestBootId }: AdoptedMachine,
    signal: AbortSignal,
  ): Promise<Machine | undefined> {
    if ((await findQemu(process, this.#filesOf(id))) === undefined) return undefined;
    return await withDeadline(`adopting the machine of pod ${id}`, ADOPTION_MS, signal, async (deadline) => {
      const machine = await this.#attach(id, process, deadline, guestBootId);
      this.#connect(machine);
      return machine;
    });
  }

  /** Whoever needs the guest connects to it; this is for the first of them not to wait. */
  #connect(machine: Machine): void {
    const { logger } = this.#dependencies;
    const warn = (error: unknown): void => {
      const fields = { sandbox: machine.sandboxId, error: describeError(error) };
      logger.warn('the guest of a machine that runs does not answer', fields);
    };
    machine.ssh(AbortSignal.timeout(FIRST_CONNECTION_MS)).catch(warn);
  }

  /** Kills QEMU, also one that was never written down; removes its files. */
  async remove(id: SandboxId): Promise<void> {
    this.#dependencies.creations.end(id);
    await this.#taken.get(id)?.close();
    this.#taken.delete(id);
    await this.#dependencies.launcher.remove(this.#filesOf(id));
  }

  /** Lets go of machines that have not been brought up, which run on. */
  async close(): Promise<void> {
    await Promise.all([...this.#taken.values()].map(async (machine) => machine.close()));
    this.#taken.clear();
  }

  async #takeSpare(plan: MachinePlan, signal: AbortSignal): Promise<LaunchedMachine | undefined> {
    const { pool, logger } = this.#dependencies;
    const spare = await pool?.take(plan.size, signal);
    if (pool === undefined || spare === undefined) return undefined;
    const { id } = plan.sandbox;
    try {
      await handOver(
        spare,
        { ...plan, directory: this.#dependencies.directoryOf(id) },
        this.#dependencies,
        signal,
      );
    } catch (error) {
      await pool.discard(spare);
      signal.throwIfAborted();
      logger.warn('a machine that was ready could not be given to its pod', {
        sandbox: id,
        error: describeError(error),
      });
      return undefined;
    }
    const machine = spare.machine.giveTo({
      sandboxId: id,
      files: this.#filesOf(id),
      shares: this.#sharesOf(id),
    });
    this.#taken.set(id, machine);
    return { process: machine.process, origin: 'pool' };
  }

  async #launchAnew(plan: MachinePlan, signal: AbortSignal): Promise<LaunchedMachine> {
    const template = await this.#findTemplate(plan, signal);
    if (template === undefined) return await this.#boot(plan, signal);
    try {
      return { process: await this.#start(plan, template, signal), origin: 'restore' };
    } catch (error) {
      signal.throwIfAborted();
      await this.#dependencies.templates?.distrust(plan.size, error, signal);
      return await this.#boot(plan, signal);
    }
  }

  async #boot(plan: MachinePlan, signal: AbortSignal): Promise<LaunchedMachine> {
    return { process: await this.#start(plan, undefined, signal), origin: 'boot' };
  }

  async #replace(
    plan: MachinePlan,
    { process, origin }: LaunchedMachine,
    error: unknown,
    signal: AbortSignal,
  ): Promise<LaunchedMachine> {
    const { logger, templates } = this.#dependencies;
    const fields = { sandbox: plan.sandbox.id, origin, error: describeError(error) };
    logger.warn('a machine did not come up, and another one is started', fields);
    await killQemu(process);
    if (origin === 'pool') return await this.#launchAnew(plan, signal);
    if (origin === 'restore') await templates?.distrust(plan.size, error, signal);
    return await this.#boot(plan, signal);
  }

  async #start(plan: MachinePlan, from: SavedMachine | undefined, signal: AbortSignal): Promise<ProcessRef> {
    const { sandbox, size, networkNamespace, cgroup } = plan;
    const { launcher, shareOf } = this.#dependencies;
    await shareOf(sandbox.id).open();
    const place = { files: this.#filesOf(sandbox.id), shares: this.#sharesOf(sandbox.id) };
    return await launcher.start({ ...place, size, networkNamespace, cgroup, ...(from && { from }) }, signal);
  }

  /** A template spares time and memory; without one a pod has its machine all the same. */
  async #findTemplate(plan: MachinePlan, signal: AbortSignal): Promise<SavedMachine | undefined> {
    const { templates, logger } = this.#dependencies;
    try {
      return await templates?.find(plan.size, signal);
    } catch (error) {
      signal.throwIfAborted();
      logger.warn('no template could be looked for', { error: describeError(error) });
      return undefined;
    }
  }

  async #join(
    { sandbox, networkNamespace }: MachinePlan,
    { process, origin }: LaunchedMachine,
    network: PodNetworkAttachment | undefined,
    signal: AbortSignal,
  ): Promise<RunningMachine> {
    const taken = this.#taken.get(sandbox.id);
    this.#taken.delete(sandbox.id);
    const machine = taken ?? (await this.#attach(sandbox.id, process, signal));
    try {
      const timeoutMs = origin === 'boot' ? this.#options.bootTimeoutMs : READY_MS;
      const task = { origin, sandbox, network, networkNamespace, timeoutMs };
      return { machine, phases: await bringUp(machine, task, signal) };
    } catch (error) {
      await machine.close();
      throw error;
    }
  }

  async #attach(
    sandboxId: SandboxId,
    process: ProcessRef,
    signal: AbortSignal,
    bootId?: string,
  ): Promise<Machine> {
    const { clock, mounts } = this.#dependencies;
    const files = this.#filesOf(sandboxId);
    const shares = this.#sharesOf(sandboxId);
    const known = { sandboxId, process, ...(bootId !== undefined && { bootId }) };
    return await Machine.attach({ ...known, files, shares, mounts: mounts.of(process), clock }, signal);
  }

  #filesOf(id: SandboxId): MachineFiles {
    return machineFiles(`${this.#dependencies.directoryOf(id)}/vm`);
  }

  #sharesOf(id: SandboxId): MachineShares {
    return podShareDirectories(this.#dependencies.directoryOf(id));
  }
}
