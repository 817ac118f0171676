import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { withDeadline } from '@crihub/kernel';
import type { Mounts, ProcessRef } from '@crihub/linux';
import type { LocalExecutor } from '@crihub/service-oci-containers';
import { QmpConnection } from '@crihub/transport/qmp';
import { GUEST_SHARES } from './guest-setup.ts';
import type { MachineFiles } from './machine-files.ts';
import { receiveState, type SavedMachine } from './machine-state.ts';
import { machineUser } from './machine-user.ts';
import {
  type MachineShares,
  type MachineSize,
  type MemoryFile,
  type Platform,
  qemuArguments,
} from './qemu-arguments.ts';
import { killQemu, markOf, startQemu } from './qemu-process.ts';

export interface LauncherOptions {
  readonly qemuPath: string;
}

export interface LauncherDependencies {
  readonly executor: LocalExecutor;
  readonly mounts: Mounts;
  readonly platform: (signal: AbortSignal) => Promise<Platform>;
}

/** What one QEMU is started with. */
export interface Launch {
  readonly files: MachineFiles;
  readonly shares: MachineShares;
  readonly size: MachineSize;
  /** Path of the namespace for its tap device; absent: one that ends with the machine. */
  readonly networkNamespace?: string;
  /** Path of the cgroup that the machine is charged to. */
  readonly cgroup: string;
  /** How it begins: a `SavedMachine` goes on where that was saved; otherwise the guest boots. */
  readonly from?: SavedMachine;
  /** The file in which a guest that boots has its memory, to be saved. */
  readonly memory?: string;
  /** For what nobody waits for, the processor's time that is left. */
  readonly idle?: boolean;
}

/** Time for QEMU to take the state of a saved machine, in ms. */
const RESTORE_MS = 10_000;

/** Starts QEMU processes, each in a directory of its own. */
export class Launcher {
  readonly #options: LauncherOptions;
  readonly #dependencies: LauncherDependencies;

  constructor(options: LauncherOptions, dependencies: LauncherDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** Starts QEMU; its guest boots on, or goes on. */
  async start(launch: Launch, signal: AbortSignal): Promise<ProcessRef> {
    const { files, size, shares, networkNamespace, cgroup, from, idle = false } = launch;
    const { executor, mounts, platform } = this.#dependencies;
    const machineId = randomUUID();
    const name = `crihub-${machineId}`;
    await mkdir(files.directory, { recursive: true, mode: 0o700 });
    await writeFile(files.name, name, { mode: 0o600 });
    const memory = memoryOf(launch);
    const words = qemuArguments(await platform(signal), {
      ...{ size, name, files, shares },
      ...(memory && { memory }),
      begin: from === undefined ? 'kernel' : 'state',
    });
    await executor.cgroups.createCounting(cgroup);
    const joinFiles = executor.cgroups.joinFiles(cgroup);
    const command = [...(idle ? ['nice', '-n', '19'] : []), this.#options.qemuPath, ...words];
    const user = machineUser(machineId);
    const process = await startQemu(
      { command, files, shares, networkNamespace, joinFiles, user },
      { mounts },
      signal,
    );
    try {
      if (from !== undefined) await this.#restore(files, from, signal);
      // One that is to be saved runs nothing of a pod, and needs a socket for its state.
      if (launch.memory === undefined) await this.#confine(process, launch, signal);
      return process;
    } catch (error) {
      await killQemu(process);
      throw error;
    }
  }

  /** Kills QEMU, also one that was never written down; removes its files. Repeatable. */
  async remove(files: MachineFiles): Promise<void> {
    const { processes } = this.#dependencies.executor;
    for (const one of await processes.find(await markOf(files))) await killQemu(one);
    await rm(files.directory, { recursive: true, force: true });
  }

  async #restore(files: MachineFiles, from: SavedMachine, signal: AbortSignal): Promise<void> {
    await withDeadline('restoring a machine', RESTORE_MS, signal, async (deadline) => {
      const qmp = await QmpConnection.open(files.qmp, deadline);
      try {
        await receiveState(qmp, files.state, from.state, deadline);
      } finally {
        qmp.close();
      }
    });
  }

  /** A machine sees what it shares with its guest, where its guest has it, and nothing else of this host. */
  async #confine(process: ProcessRef, { files, shares }: Launch, signal: AbortSignal): Promise<void> {
    const keep = [
      { from: shares.files, to: GUEST_SHARES.files },
      { from: shares.reports, to: GUEST_SHARES.reports },
    ];
    await this.#dependencies.mounts.of(process).confine({ directory: files.directory, keep }, signal);
  }
}

function memoryOf({ from, memory }: Launch): MemoryFile | undefined {
  if (from !== undefined) return { path: from.memory, use: 'private' };
  return memory === undefined ? undefined : { path: memory, use: 'shared' };
}
