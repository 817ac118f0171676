import type { BackendPhases, PodNetworkAttachment, Sandbox } from '@crihub/contract';
import {
  type Clock,
  describeError,
  type Logger,
  RuntimeError,
  type SandboxId,
  withDeadline,
} from '@crihub/kernel';
import type { Mounts, ProcessRef } from '@crihub/linux';
import { type PodShareDirectories } from '../guest/pod-share.ts';
import type { Templates } from '../template/templates.ts';
import type { Creations } from './creations.ts';
import type { Launcher } from './launcher.ts';
import type { SavedMachine } from './machine-state.ts';
import { Machine } from './machine.ts';
import { machineFiles, type MachineFiles } from './machine-files.ts';
import { linkPod } from './pod-link.ts';
import type { MachineShares, MachineSize } from './qemu-arguments.ts';
import { findQemu, killQemu } from './qemu-process.ts';

export interface MachinesOptions {
  readonly bootTimeoutMs: number;
}

export interface MachinesDependencies {
  readonly launcher: Launcher;
  /** Absent: every machine boots. */
  readonly templates: Templates | undefined;
  readonly creations: Creations;
  readonly mounts: Pick<Mounts, 'of'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The directory of a pod's own. */
  readonly directoryOf: (id: SandboxId) => string;
  readonly sharesOf: (id: SandboxId) => PodShareDirectories;
}

/** What one machine is started with. */
export interface MachinePlan {
  readonly sandbox: Sandbox;
  readonly size: MachineSize;
  readonly networkNamespace: string;
  /** Path of the cgroup that the machine is charged to. */
  readonly cgroup: string;
}

/** A machine whose QEMU runs, and how its guest came to run: booted, or gone on from a template. */
export interface LaunchedMachine {
  readonly process: ProcessRef;
  readonly origin: 'boot' | 'restore';
}

export interface RunningMachine {
  readonly machine: Machine;
  readonly phases: BackendPhases;
}

const ADOPTION_MS = 20_000;

/** Starts machines, and finds those of an earlier daemon. */
export class Machines {
  readonly #options: MachinesOptions;
  readonly #dependencies: MachinesDependencies;

  constructor(options: MachinesOptions, dependencies: MachinesDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** Starts QEMU, whose guest boots on, or goes on from a template. Until `bringUp` or `remove` the pod is being made. */
  async launch(plan: MachinePlan, signal: AbortSignal): Promise<LaunchedMachine> {
    const { templates, creations } = this.#dependencies;
    creations.begin(plan.sandbox.id);
    const template = await this.#findTemplate(plan, signal);
    if (template === undefined)
      return { process: await this.#start(plan, undefined, signal), origin: 'boot' };
    try {
      return { process: await this.#start(plan, template, signal), origin: 'restore' };
    } catch (error) {
      signal.throwIfAborted();
      await templates?.distrust(plan.size, error, signal);
      return { process: await this.#start(plan, undefined, signal), origin: 'boot' };
    }
  }

  /**
   * Waits for the guest and makes it the pod's. One that is not there in time is booted, once.
   * @throws Unavailable with the end of the guest's console.
   */
  async bringUp(
    plan: MachinePlan,
    launched: LaunchedMachine,
    network: PodNetworkAttachment | undefined,
    signal: AbortSignal,
  ): Promise<RunningMachine> {
    const { logger, templates, creations } = this.#dependencies;
    try {
      return await this.#boot(plan, launched, network, signal);
    } catch (error) {
      signal.throwIfAborted();
      const fields = { sandbox: plan.sandbox.id, error: describeError(error) };
      logger.warn('a machine did not come up and is started once more', fields);
      await killQemu(launched.process);
      if (launched.origin === 'restore') await templates?.distrust(plan.size, error, signal);
      const process = await this.#start(plan, undefined, signal);
      return await this.#boot(plan, { process, origin: 'boot' }, network, signal);
    } finally {
      creations.end(plan.sandbox.id);
    }
  }

  /** Takes over a machine that an earlier daemon has brought up. Undefined if it has ended. */
  async adopt(id: SandboxId, process: ProcessRef, signal: AbortSignal): Promise<Machine | undefined> {
    if ((await findQemu(process, this.#filesOf(id))) === undefined) return undefined;
    return await withDeadline(`adopting the machine of pod ${id}`, ADOPTION_MS, signal, async (deadline) => {
      const machine = await this.#attach(id, process, deadline);
      try {
        await machine.rejoin(deadline);
        return machine;
      } catch (error) {
        await machine.close();
        throw error;
      }
    });
  }

  /** Kills QEMU, also one that was never written down; removes its files. */
  async remove(id: SandboxId): Promise<void> {
    this.#dependencies.creations.end(id);
    await this.#dependencies.launcher.remove(this.#filesOf(id));
  }

  async #start(plan: MachinePlan, from: SavedMachine | undefined, signal: AbortSignal): Promise<ProcessRef> {
    const { sandbox, size, networkNamespace, cgroup } = plan;
    const place = { files: this.#filesOf(sandbox.id), shares: this.#sharesOf(sandbox.id) };
    return await this.#dependencies.launcher.start(
      { ...place, size, networkNamespace, cgroup, ...(from && { from }) },
      signal,
    );
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

  async #boot(
    plan: MachinePlan,
    { process, origin }: LaunchedMachine,
    network: PodNetworkAttachment | undefined,
    signal: AbortSignal,
  ): Promise<RunningMachine> {
    const { sandbox, networkNamespace } = plan;
    const machine = await this.#attach(sandbox.id, process, signal);
    const start = performance.now();
    try {
      return await withDeadline(
        'booting the machine',
        this.#options.bootTimeoutMs,
        signal,
        async (deadline) => {
          const [channel] = await Promise.all([
            machine.untilBooted(deadline),
            network === undefined ? undefined : linkPod(networkNamespace, network, deadline),
          ]);
          const booted = performance.now();
          await machine.logIn(channel, deadline);
          const loggedIn = performance.now();
          await machine.setUp(sandbox, network, deadline);
          return { machine, phases: { [origin]: seconds(start, booted), ssh: seconds(booted, loggedIn) } };
        },
      );
    } catch (error) {
      const failure = await this.#withConsole(machine, error, signal);
      await machine.close();
      throw failure;
    }
  }

  async #withConsole(machine: Machine, error: unknown, signal: AbortSignal): Promise<unknown> {
    if (signal.aborted) return error;
    const text = await machine.console(AbortSignal.timeout(1_000)).catch(() => ''); // QEMU may be gone
    if (text.trim() === '') return error;
    return new RuntimeError(
      'Unavailable',
      `${describeError(error)}; the guest's last words: ${text.trim()}`,
      {
        reason: 'BootFailed',
        cause: error,
      },
    );
  }

  async #attach(sandboxId: SandboxId, process: ProcessRef, signal: AbortSignal): Promise<Machine> {
    const { clock, mounts } = this.#dependencies;
    const files = this.#filesOf(sandboxId);
    const shares = this.#sharesOf(sandboxId);
    return await Machine.attach(
      { sandboxId, process, files, shares, mounts: mounts.of(process), clock },
      signal,
    );
  }

  #filesOf(id: SandboxId): MachineFiles {
    return machineFiles(`${this.#dependencies.directoryOf(id)}/vm`);
  }

  #sharesOf(id: SandboxId): MachineShares {
    return this.#dependencies.sharesOf(id);
  }
}

const seconds = (from: number, to: number): number => (to - from) / 1000;
