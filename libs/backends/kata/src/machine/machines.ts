import type { BackendPhases, PodNetworkAttachment } from '@crihub/contract';
import { type Clock, describeError, type SandboxId, withDeadline } from '@crihub/kernel';
import type { Mounts, ProcessRef } from '@crihub/linux';
import type { LocalExecutor } from '@crihub/service-oci-containers';
import { handOver } from '../spare/hand-over.ts';
import type { Pool } from '../spare/pool.ts';
import type { SparePlaces } from '../spare/spare-places.ts';
import { bringUp, READY_MS } from './bring-up.ts';
import type { Creations } from './creations.ts';
import { machinePlace, type MachinePlace } from './machine-place.ts';
import {
  type LaunchedMachine,
  type MachinePlan,
  MachineSource,
  type MachineSourceDependencies,
} from './machine-source.ts';
import { Machine } from './machine.ts';
import { findQemu } from './qemu-process.ts';

export interface MachinesOptions {
  readonly bootTimeoutMs: number;
}

export interface MachinesDependencies extends MachineSourceDependencies {
  readonly executor: LocalExecutor;
  readonly places: SparePlaces;
  readonly pool: Pool | undefined;
  readonly creations: Creations;
  readonly mounts: Pick<Mounts, 'of'>;
  readonly clock: Clock;
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
  readonly #source: MachineSource;

  constructor(options: MachinesOptions, dependencies: MachinesDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#source = new MachineSource(dependencies);
  }

  /**
   * Gives a pod a machine: one that was kept ready, or one whose guest goes on from a template, or boots. Until
   * `bringUp` or `remove` the pod is being made.
   */
  async launch(plan: MachinePlan, signal: AbortSignal): Promise<LaunchedMachine> {
    this.#dependencies.creations.begin(plan.sandbox.id);
    return (await this.#takeSpare(plan, signal)) ?? (await this.#source.launch(plan, signal));
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
          attempt = await this.#source.replace(plan, attempt, error, signal);
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
    if ((await findQemu(process, this.#placeOf(id).files)) === undefined) return undefined;
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
    await this.#dependencies.launcher.remove(this.#placeOf(id).files);
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
    const machine = spare.machine.giveTo({ sandboxId: id, ...this.#placeOf(id) });
    this.#taken.set(id, machine);
    return { process: machine.process, origin: 'pool' };
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
    const known = { sandboxId, process, ...(bootId !== undefined && { bootId }) };
    const place = this.#placeOf(sandboxId);
    return await Machine.attach({ ...known, ...place, mounts: mounts.of(process), clock }, signal);
  }

  #placeOf(id: SandboxId): MachinePlace {
    return machinePlace(this.#dependencies.directoryOf(id));
  }
}
