import { mkdir, rm } from 'node:fs/promises';
import type { BackendPhases, PodNetworkAttachment, Sandbox } from '@crihub/contract';
import {
  type Clock,
  describeError,
  type Logger,
  RuntimeError,
  type SandboxId,
  withDeadline,
} from '@crihub/kernel';
import type { ProcessRef } from '@crihub/linux';
import { type LocalExecutor } from '@crihub/service-oci-containers';
import { type PodShareDirectories } from '../guest/pod-share.ts';
import { Machine } from './machine.ts';
import { machineFiles, type MachineFiles } from './machine-files.ts';
import { linkPod } from './pod-link.ts';
import { type MachineSize, type Platform, qemuArguments } from './qemu-arguments.ts';
import { findQemu, killQemu, startQemu } from './qemu-process.ts';

export interface MachinesOptions {
  readonly qemuPath: string;
  readonly bootTimeoutMs: number;
}

export interface MachinesDependencies {
  readonly executor: LocalExecutor;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly platform: (signal: AbortSignal) => Promise<Platform>;
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

const ADOPTION_MS = 20_000;

/** Starts machines, and finds those of an earlier daemon. */
export class Machines {
  readonly #options: MachinesOptions;
  readonly #dependencies: MachinesDependencies;

  constructor(options: MachinesOptions, dependencies: MachinesDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** Starts QEMU; its guest boots on. */
  async launch(
    { sandbox, size, networkNamespace, cgroup }: MachinePlan,
    signal: AbortSignal,
  ): Promise<ProcessRef> {
    const { executor, platform } = this.#dependencies;
    const files = this.#filesOf(sandbox.id);
    await mkdir(files.directory, { recursive: true, mode: 0o700 });
    const words = qemuArguments(await platform(signal), size, files, this.#sharesOf(sandbox.id));
    await executor.cgroups.createCounting(cgroup);
    return await startQemu(
      {
        command: [this.#options.qemuPath, ...words],
        files,
        networkNamespace,
        joinFiles: executor.cgroups.joinFiles(cgroup),
      },
      signal,
    );
  }

  /**
   * Waits for the guest and makes it the pod's. One that does not boot in time is started once more.
   * @throws Unavailable with the end of the guest's console.
   */
  async bringUp(
    plan: MachinePlan,
    process: ProcessRef,
    network: PodNetworkAttachment | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly machine: Machine; readonly phases: BackendPhases }> {
    try {
      return await this.#boot(plan, process, network, signal);
    } catch (error) {
      signal.throwIfAborted();
      const { logger } = this.#dependencies;
      logger.warn('a machine did not boot and is started once more', {
        sandbox: plan.sandbox.id,
        error: describeError(error),
      });
      await killQemu(process);
      return await this.#boot(plan, await this.launch(plan, signal), network, signal);
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
    const files = this.#filesOf(id);
    const { processes } = this.#dependencies.executor;
    for (const one of await processes.find(files.qmp)) await killQemu(one);
    await rm(files.directory, { recursive: true, force: true });
  }

  async #boot(
    plan: MachinePlan,
    process: ProcessRef,
    network: PodNetworkAttachment | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly machine: Machine; readonly phases: BackendPhases }> {
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
          return { machine, phases: { boot: seconds(start, booted), ssh: seconds(booted, loggedIn) } };
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
    const { clock } = this.#dependencies;
    const files = this.#filesOf(sandboxId);
    return await Machine.attach(
      { sandboxId, process, files, shares: this.#sharesOf(sandboxId), clock },
      signal,
    );
  }

  #filesOf(id: SandboxId): MachineFiles {
    return machineFiles(`${this.#dependencies.directoryOf(id)}/vm`);
  }

  #sharesOf(id: SandboxId): { readonly files: string; readonly reports: string } {
    const { view, reports } = this.#dependencies.sharesOf(id);
    return { files: view, reports };
  }
}

const seconds = (from: number, to: number): number => (to - from) / 1000;
