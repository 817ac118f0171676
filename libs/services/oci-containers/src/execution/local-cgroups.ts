import { mkdir } from 'node:fs/promises';
import type { Resources } from '@crihub/contract';
import { type Cgroups as HostCgroups, rootOfController } from '@crihub/linux';
import { cgroupLimits } from './cgroup-limits.ts';
import type { Cgroups } from './executor.ts';

/** The control groups of this machine. */
export class LocalCgroups implements Cgroups {
  readonly #host: HostCgroups;

  constructor({ cgroups }: { readonly cgroups: HostCgroups }) {
    this.#host = cgroups;
  }

  get version(): 1 | 2 {
    return this.#host.layout.version === 'v2' ? 2 : 1;
  }

  async createCounting(path: string): Promise<void> {
    await Promise.all(this.#countingRoots().map((root) => mkdir(`${root}${path}`, { recursive: true })));
  }

  joinFiles(path: string): readonly string[] {
    return this.#countingRoots().map((root) => `${root}${path}/cgroup.procs`);
  }

  async processes(path: string): Promise<readonly number[]> {
    return await this.#host.processes(path);
  }

  async kill(path: string, signal?: AbortSignal): Promise<void> {
    await this.#host.kill(path, signal);
  }

  async limit(path: string, resources: Resources): Promise<void> {
    await this.#host.writeResources(path, cgroupLimits(resources));
  }

  async remove(path: string, signal?: AbortSignal): Promise<void> {
    await this.#host.remove(path, signal);
  }

  #countingRoots(): readonly string[] {
    const { layout } = this.#host;
    if (layout.version === 'v2') return [layout.root];
    const roots = COUNTING.map((controller) => rootOfController(layout, controller));
    return [...new Set([...roots, layout.unified])].filter((root) => root !== undefined);
  }
}

/** Each hierarchy costs time to join, so only those of v1 are joined where something is counted, or killed. */
const COUNTING = ['memory', 'cpu', 'cpuacct', 'pids', 'name=systemd'];
