import type { Clock, Logger } from '@crihub/kernel';
import type { Records } from '../records/records.ts';
import { attempt } from './attempt.ts';
import type { CgroupFiles } from './cgroup-files.ts';
import type { CpuRates } from './cpu-rates.ts';
import { isLive } from './live-containers.ts';
import { podCgroups } from './pod-cgroups.ts';

export interface CpuSamplerDeps {
  readonly records: {
    readonly sandboxes: Pick<Records['sandboxes'], 'all'>;
    readonly containers: Pick<Records['containers'], 'all'>;
    readonly containersOf: Records['containersOf'];
  };
  readonly files: Pick<CgroupFiles, 'cpuUsage'>;
  readonly rates: CpuRates;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Samples the CPU time of all pods and containers, from one file of each, for the rates of those who ask later. */
export class CpuSampler {
  readonly #deps: CpuSamplerDeps;

  constructor(deps: CpuSamplerDeps) {
    this.#deps = deps;
  }

  async sample(): Promise<void> {
    const { records } = this.#deps;
    const containers = [...records.containers.all()].filter(isLive);
    const pods = [...records.sandboxes.all()].filter(({ phase }) => phase === 'ready');
    await Promise.all([
      ...containers.map(({ id, cgroup }) => this.#sample(id, () => (cgroup === undefined ? [] : [cgroup]))),
      ...pods.map((pod) =>
        this.#sample(pod.id, () => podCgroups(pod, records.containersOf(pod.id).filter(isLive))),
      ),
    ]);
  }

  async #sample(id: string, pathsOf: () => readonly string[]): Promise<void> {
    const { logger, files, rates, clock } = this.#deps;
    await attempt({ logger, what: 'a sample of the CPU time', id }, async () => {
      const usages = await Promise.all(pathsOf().map((path) => files.cpuUsage(path)));
      const known = usages.filter((usage) => usage !== undefined);
      if (known.length === 0) return;
      rates.add(
        id,
        clock.nowNs(),
        known.reduce((total, usage) => total + usage),
      );
    });
  }
}
