import type { TrialFootprint } from '@crihub/experiment/compare';
import { describeError, type Logger, type SandboxId, sleep } from '@crihub/kernel';
import type { CgroupStats, ProcessUsage } from '@crihub/linux';
import type { ContainerRecord } from '../records/container-record.ts';
import type { Records } from '../records/records.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import { attempt } from '../stats/attempt.ts';
import { isLive } from '../stats/live-containers.ts';
import type { EngineShares } from './engine-shares.ts';

/** Between two looks at which pods are due, in ms. */
const TICK_MS = 5_000;
/** A pod is sampled this often, in ms. */
const PERIOD_MS = 30_000;

export interface FootprintSamplerDeps {
  readonly records: Records;
  readonly cgroups: { stats(path: string): Promise<CgroupStats | undefined> };
  readonly usageOf: (pid: number) => Promise<ProcessUsage | undefined>;
  readonly engines: EngineShares;
  readonly journal: { footprint(footprint: Omit<TrialFootprint, 'at'>): void };
  readonly logger: Logger;
}

interface Share {
  readonly memoryBytes: number;
  readonly cpuSeconds: number;
}

const NOTHING: Share = { memoryBytes: 0, cpuSeconds: 0 };

/**
 * What each pod takes of the host, by the same rule for all backends. Workload: the containers' cgroups.
 * Overhead: the process that stands for the pod (pause, virtual machine), the parents of its and the
 * containers' first processes (monitors, shims), and its part of the backend's engine.
 */
export class FootprintSampler {
  readonly #deps: FootprintSamplerDeps;
  readonly #sampledAt = new Map<SandboxId, number>();
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: FootprintSamplerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await sleep(TICK_MS, signal);
        await this.tick();
      } catch (error) {
        if (signal.aborted) return;
        this.#deps.logger.warn('the footprints of pods could not be sampled', {
          error: describeError(error),
        });
      }
    }
  }

  /** Samples the pods whose time has come, and forgets those that are no more. */
  async tick(): Promise<void> {
    const { records, engines } = this.#deps;
    const ready = this.#ready();
    await engines.refresh(ready);
    for (const id of this.#sampledAt.keys())
      if (records.sandboxes.get(id) === undefined) this.#sampledAt.delete(id);
    for (const pod of ready) {
      const last = this.#sampledAt.get(pod.id) ?? -Infinity;
      if (performance.now() - last >= PERIOD_MS) await this.sample(pod);
    }
  }

  /** Samples a pod that is about to end, if it never was: a short life counts too. Never fails. */
  async beforeEnd(id: SandboxId): Promise<void> {
    const pod = this.#deps.records.sandboxes.get(id);
    if (pod?.phase !== 'ready' || this.#sampledAt.has(id)) return;
    const { logger, engines } = this.#deps;
    await attempt({ logger, what: 'the last sample of a pod', id }, async () => {
      await engines.refresh(this.#ready(), pod.handler); // it may have come and gone between two looks
      await this.sample(pod);
    });
  }

  async sample(pod: SandboxRecord): Promise<void> {
    const { records, engines, journal } = this.#deps;
    const containers = records.containersOf(pod.id).filter(isLive);
    if (containers.length === 0) return;
    this.#sampledAt.set(pod.id, performance.now());
    const [workload, overhead] = await Promise.all([
      this.#workload(containers),
      this.#overhead(pod, containers),
    ]);
    const engine = engines.shareOf(pod);
    journal.footprint({
      pod: pod.id,
      overheadMemoryBytes: Math.round(overhead.memoryBytes + engine.memoryBytes),
      overheadCpuSeconds: overhead.cpuSeconds + engine.cpuSeconds,
      workloadMemoryBytes: workload.memoryBytes,
      workloadCpuSeconds: workload.cpuSeconds,
    });
  }

  #ready(): readonly SandboxRecord[] {
    return [...this.#deps.records.sandboxes.all()].filter(({ phase }) => phase === 'ready');
  }

  async #workload(containers: readonly ContainerRecord[]): Promise<Share> {
    const stats = await Promise.all(
      containers.map(async ({ cgroup }) =>
        cgroup === undefined ? undefined : await this.#deps.cgroups.stats(cgroup),
      ),
    );
    return sum(
      stats.map((found) => ({
        memoryBytes: found?.memory.workingSet ?? 0,
        cpuSeconds: Number(found?.cpu.usageNs ?? 0n) / 1e9,
      })),
    );
  }

  async #overhead({ pid }: SandboxRecord, containers: readonly ContainerRecord[]): Promise<Share> {
    const { usageOf } = this.#deps;
    const standIn = pid === undefined ? undefined : await usageOf(pid);
    const firsts = await Promise.all(
      containers.map(async ({ pid: first }) => (first === undefined ? undefined : await usageOf(first))),
    );
    // 1 adopts what has no parent any more; this daemon is no pod's overhead.
    const parents = [standIn, ...firsts]
      .flatMap((usage) => usage?.parentPid ?? [])
      .filter((parent) => parent > 1 && parent !== process.pid);
    const monitors = await Promise.all([...new Set(parents)].map(usageOf));
    return sum([standIn, ...monitors].map((usage) => usage ?? NOTHING));
  }
}

const sum = (shares: readonly Share[]): Share =>
  shares.reduce(
    (total, share) => ({
      memoryBytes: total.memoryBytes + share.memoryBytes,
      cpuSeconds: total.cpuSeconds + share.cpuSeconds,
    }),
    NOTHING,
  );
