import type { TrialFootprint } from '@crihub/experiment/compare';
import { describeError, type Logger, type SandboxId, sleep } from '@crihub/kernel';
import type { CgroupStats, ProcessUsage } from '@crihub/linux';
import type { ContainerRecord } from '../records/container-record.ts';
import type { Records } from '../records/records.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import { attempt } from '../stats/attempt.ts';
import type { GuestReadings } from '../stats/guest-readings.ts';
import { isLive } from '../stats/live-containers.ts';
import type { EngineShares } from './engine-shares.ts';

/** Between two looks at which pods are due, in ms. */
const TICK_MS = 1_000;
/** A pod is sampled this often, in ms. */
const PERIOD_MS = 30_000;
/** Samples that are closer, in ms, tell no CPU rate. */
const SHORTEST_MS = 1_000;
/** Longest wait for a virtual machine's own figures: the end of a pod may wait for them. */
const GUEST_MS = 1_000;

export interface FootprintSamplerDeps {
  readonly records: Records;
  readonly cgroups: { stats(path: string): Promise<CgroupStats | undefined> };
  readonly guests: Pick<GuestReadings, 'read'>;
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
 * What each pod takes of the host, by the same rule for all backends. Workload: the containers' cgroups, on
 * the host or in the guest. Overhead: the process that stands for the pod (pause, or virtual machine less the
 * workload in it), the parents of its and the containers' first processes (monitors, shims), and its part of
 * the backend's engine.
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
    const { records, engines, logger } = this.#deps;
    for (const id of this.#sampledAt.keys())
      if (records.sandboxes.get(id) === undefined) this.#sampledAt.delete(id);
    const ready = this.#ready();
    const due = ready.filter(
      ({ id }) => this.#sinceLast(id) >= PERIOD_MS && records.containersOf(id).some(isLive),
    );
    if (due.length === 0) return;
    await engines.refresh(ready);
    for (const pod of due)
      await attempt({ logger, what: 'a sample of a pod', id: pod.id }, () => this.sample(pod));
  }

  /** Samples a pod that is about to end, so that a short life has two samples too. Never fails. */
  async beforeEnd(id: SandboxId): Promise<void> {
    const pod = this.#deps.records.sandboxes.get(id);
    if (pod?.phase !== 'ready' || this.#sinceLast(id) < SHORTEST_MS) return;
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
    const [onHost, inGuest] = [
      containers.filter(({ cgroup }) => cgroup !== undefined),
      containers.filter(({ cgroup }) => cgroup === undefined),
    ];
    const [workload, guest, monitors, standIn] = await Promise.all([
      this.#workload(onHost, ({ cgroup = '' }) => this.#deps.cgroups.stats(cgroup)),
      this.#workload(inGuest, async (record) => {
        const reading = await this.#deps.guests.read(record, AbortSignal.timeout(GUEST_MS));
        return reading?.cgroup;
      }),
      this.#monitors(pod, containers),
      this.#usageOf(pod.pid),
    ]);
    const overhead = sum([less(standIn ?? NOTHING, guest), ...monitors]);
    const engine = engines.shareOf(pod);
    journal.footprint({
      pod: pod.id,
      overheadMemoryBytes: Math.round(overhead.memoryBytes + engine.memoryBytes),
      overheadCpuSeconds: overhead.cpuSeconds + engine.cpuSeconds,
      workloadMemoryBytes: workload.memoryBytes + guest.memoryBytes,
      workloadCpuSeconds: workload.cpuSeconds + guest.cpuSeconds,
    });
  }

  #sinceLast(id: SandboxId): number {
    return performance.now() - (this.#sampledAt.get(id) ?? -Infinity);
  }

  #ready(): readonly SandboxRecord[] {
    return [...this.#deps.records.sandboxes.all()].filter(({ phase }) => phase === 'ready');
  }

  async #workload(
    containers: readonly ContainerRecord[],
    read: (container: ContainerRecord) => Promise<CgroupStats | undefined>,
  ): Promise<Share> {
    const stats = await Promise.all(containers.map(read));
    return sum(
      stats.map((found) => ({
        memoryBytes: found?.memory.workingSet ?? 0,
        cpuSeconds: Number(found?.cpu.usageNs ?? 0n) / 1e9,
      })),
    );
  }

  async #monitors({ pid }: SandboxRecord, containers: readonly ContainerRecord[]): Promise<readonly Share[]> {
    const firsts = await Promise.all([pid, ...containers.map((one) => one.pid)].map(this.#usageOf));
    // 1 adopts what has no parent any more; this daemon is no pod's overhead.
    const parents = firsts
      .flatMap((usage) => usage?.parentPid ?? [])
      .filter((parent) => parent > 1 && parent !== process.pid);
    const monitors = await Promise.all([...new Set(parents)].map(this.#usageOf));
    return monitors.map((usage) => usage ?? NOTHING);
  }

  readonly #usageOf = async (pid: number | undefined): Promise<ProcessUsage | undefined> =>
    pid === undefined ? undefined : await this.#deps.usageOf(pid);
}

/** What is left of a whole without a part of it; measured a moment apart, the part may be the greater one. */
const less = (whole: Share, part: Share): Share => ({
  memoryBytes: Math.max(0, whole.memoryBytes - part.memoryBytes),
  cpuSeconds: Math.max(0, whole.cpuSeconds - part.cpuSeconds),
});

const sum = (shares: readonly Share[]): Share =>
  shares.reduce(
    (total, share) => ({
      memoryBytes: total.memoryBytes + share.memoryBytes,
      cpuSeconds: total.cpuSeconds + share.cpuSeconds,
    }),
    NOTHING,
  );
