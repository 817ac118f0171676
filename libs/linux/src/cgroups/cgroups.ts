import { stat, writeFile } from 'node:fs/promises';
import { errnoCode, RuntimeError, withDeadline } from '@crihub/kernel';
import { killTree, sendSignal } from './kill.ts';
import {
  cgroupDirectory,
  type CgroupLayout,
  detectCgroupLayout,
  detectHugepageSizes,
  rootOfController,
  rootsOf,
} from './layout.ts';
import { inheritCpuset } from './cpuset.ts';
import { type CgroupResources, resourceWritesV1, resourceWritesV2 } from './resources.ts';
import { readStatsV1 } from './stats-v1.ts';
import { readStatsV2 } from './stats-v2.ts';
import type { CgroupStats } from './stats.ts';
import { enableControllers } from './subtree-control.ts';
import { makeTree, processesUnder, removeTree } from './tree.ts';
import { applyWrites } from './apply-writes.ts';

export interface CgroupsOptions {
  readonly layout: CgroupLayout;
  /** As `detectHugepageSizes` has them. */
  readonly hugepageSizes?: readonly string[];
  /** Longest time until a cgroup is empty after a kill, or can be removed, in ms. */
  readonly timeoutMs?: number;
}

/** Hierarchies that tell a v1 cgroup's processes, best first. */
const V1_PREFERENCE = ['freezer', 'pids', 'memory', 'cpu', 'name=systemd'];

/**
 * The host's cgroups. A path is that of a cgroup below the root, as `/kubepods/pod1/container1`, and on v1
 * means that path in every hierarchy. The root itself is refused as InvalidArgument.
 */
export class Cgroups {
  readonly layout: CgroupLayout;
  readonly #hugepageSizes: readonly string[];
  readonly #timeoutMs: number;

  constructor({ layout, hugepageSizes = [], timeoutMs = 10_000 }: CgroupsOptions) {
    this.layout = layout;
    this.#hugepageSizes = hugepageSizes;
    this.#timeoutMs = timeoutMs;
  }

  /** The cgroups of this host as they are mounted. @throws FailedPrecondition if none are. */
  static async detect(options: Omit<CgroupsOptions, 'layout' | 'hugepageSizes'> = {}): Promise<Cgroups> {
    const [layout, hugepageSizes] = await Promise.all([detectCgroupLayout(), detectHugepageSizes()]);
    return new Cgroups({ ...options, layout, hugepageSizes });
  }

  /** What the kernel counts; `undefined` if the cgroup does not exist. */
  async stats(path: string): Promise<CgroupStats | undefined> {
    if (this.layout.version === 'v1') return await readStatsV1(this.layout, path, this.#hugepageSizes);
    return await readStatsV2(cgroupDirectory(this.layout.root, path), this.#hugepageSizes);
  }

  /** True if any hierarchy has the cgroup. */
  async exists(path: string): Promise<boolean> {
    return (await this.#processDirectory(path)) !== undefined;
  }

  /** The ids of all processes in the cgroup and below it; none if it does not exist. */
  async processes(path: string): Promise<readonly number[]> {
    const directory = await this.#processDirectory(path);
    return directory === undefined ? [] : await processesUnder(directory);
  }

  /** Makes the cgroup and its parents, with all controllers; does nothing more if it exists. */
  async create(path: string): Promise<void> {
    for (const root of rootsOf(this.layout)) {
      cgroupDirectory(root, path);
      const prepare =
        this.layout.version === 'v2' ? enableControllers(this.layout.controllers) : inheritCpuset;
      await makeTree(root, path, prepare);
    }
  }

  /** Moves a process into the cgroup, in every hierarchy that has it. */
  async addProcess(path: string, pid: number): Promise<void> {
    for (const root of rootsOf(this.layout)) {
      await writeFile(`${cgroupDirectory(root, path)}/cgroup.procs`, String(pid), { flag: 'r+' });
    }
  }

  /**
   * Sets limits. Those that belong together may come in any order. Returns the files that this kernel does
   * not have and that were left out (swap without swap accounting).
   * @throws InvalidArgument naming the file and the value that the kernel refused, NotFound without the cgroup.
   */
  async writeResources(path: string, resources: CgroupResources): Promise<readonly string[]> {
    const writes = this.layout.version === 'v2' ? resourceWritesV2(resources) : resourceWritesV1(resources);
    if (writes.length > 0 && !(await this.exists(path))) {
      throw new RuntimeError('NotFound', `there is no cgroup ${path}`, { operation: 'set cgroup limits' });
    }
    return await applyWrites(writes, (controller) => {
      const root = rootOfController(this.layout, controller);
      return root === undefined ? undefined : cgroupDirectory(root, path);
    });
  }

  /** Sends a signal once to every process in the cgroup and below it. */
  async signal(path: string, signalName: NodeJS.Signals): Promise<void> {
    for (const pid of await this.processes(path)) sendSignal(pid, signalName);
  }

  /**
   * Kills everything in the cgroup and below it, and waits until it is empty; nothing to do if it is, or is
   * not there. @throws DeadlineExceeded if processes stay, since they wait for the kernel.
   */
  async kill(path: string, signal?: AbortSignal): Promise<void> {
    const directory = await this.#processDirectory(path);
    if (directory === undefined) return;
    const freezer = this.layout.version === 'v1' ? rootOfController(this.layout, 'freezer') : undefined;
    const freezerDirectory = freezer === undefined ? undefined : cgroupDirectory(freezer, path);
    await withDeadline(`killing all processes of the cgroup ${path}`, this.#timeoutMs, signal, (deadline) =>
      killTree(directory, freezerDirectory, deadline),
    );
  }

  /** Removes the cgroup and all below it, in every hierarchy. @throws DeadlineExceeded while processes are in it. */
  async remove(path: string, signal?: AbortSignal): Promise<void> {
    await withDeadline(`removing the cgroup ${path}`, this.#timeoutMs, signal, async (deadline) => {
      const directories = rootsOf(this.layout).map((root) => cgroupDirectory(root, path));
      await Promise.all(directories.map((directory) => removeTree(directory, deadline)));
    });
  }

  async #processDirectory(path: string): Promise<string | undefined> {
    const preferred = this.layout.version === 'v2' ? [] : V1_PREFERENCE;
    const roots = preferred.flatMap((controller) => rootOfController(this.layout, controller) ?? []);
    for (const root of [...roots, ...rootsOf(this.layout)]) {
      const directory = cgroupDirectory(root, path);
      if (await isDirectory(directory)) return directory;
    }
    return undefined;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return false;
    throw error;
  }
}
