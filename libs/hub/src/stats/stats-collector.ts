import type { Clock, Logger } from '@crihub/kernel';
import type { CgroupStats } from '@crihub/linux';
import type { ContainerStats, LinuxPodSandboxStats, NetworkUsage, PodSandboxStats } from '@crihub/wire/cri';
import type { ContainerRecord } from '../records/container-record.ts';
import type { Records } from '../records/records.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import { attempt } from './attempt.ts';
import { type CgroupReader, CgroupReadings } from './cgroup-readings.ts';
import type { CpuRates } from './cpu-rates.ts';
import type { GuestReadings } from './guest-readings.ts';
import { isLive } from './live-containers.ts';
import { networkUsage } from './network-usage.ts';
import { podCgroups } from './pod-cgroups.ts';
import type { PodInterfaces } from './pod-interfaces.ts';
import { type PodReading, sumReadings } from './sum-readings.ts';
import { cpuUsage, figure, ioUsage, memoryUsage, swapUsage } from './usage.ts';
import type { WritableLayers } from './writable-layers.ts';

export interface StatsCollectorOptions {
  /** A directory on the filesystem that holds the containers' writable layers, unless a backend has its own. */
  readonly containersDirectory: string;
}

export interface StatsCollectorDeps {
  readonly records: Pick<Records, 'containersOf'>;
  readonly cgroups: CgroupReader;
  readonly guests: Pick<GuestReadings, 'read'>;
  readonly interfaces: Pick<PodInterfaces, 'read'>;
  readonly layers: Pick<WritableLayers, 'usage'>;
  readonly rates: CpuRates;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * What pods and containers use, from the host's cgroups and network namespaces, hence the same way for
 * every backend; the containers of a virtual machine from the cgroups of its guest. A figure that can't be read is absent, and never costs the rest of an answer.
 */
export class StatsCollector {
  readonly #options: StatsCollectorOptions;
  readonly #deps: StatsCollectorDeps;

  constructor(options: StatsCollectorOptions, deps: StatsCollectorDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Of one container, also if it has ended: then it is what it has left on disk. */
  async container(record: ContainerRecord, signal: AbortSignal): Promise<ContainerStats> {
    const reading = await this.#read(record, new CgroupReadings(this.#deps.cgroups), signal);
    return await this.#containerStats(record, reading, signal);
  }

  /** Of those that run; one that vanishes meanwhile is left out. */
  async containers(
    records: readonly ContainerRecord[],
    signal: AbortSignal,
  ): Promise<readonly ContainerStats[]> {
    return await this.#running(records, new CgroupReadings(this.#deps.cgroups), signal);
  }

  async pod(record: SandboxRecord, signal: AbortSignal): Promise<PodSandboxStats> {
    const { id, sandbox } = record;
    const attributes = {
      id,
      metadata: sandbox.metadata,
      labels: { ...sandbox.labels },
      annotations: { ...sandbox.annotations },
    };
    return { attributes, linux: await this.#podStats(record, signal), windows: undefined };
  }

  /** Of those that are ready, as the peers do. */
  async pods(records: readonly SandboxRecord[], signal: AbortSignal): Promise<readonly PodSandboxStats[]> {
    const ready = records.filter(({ phase }) => phase === 'ready');
    return await Promise.all(ready.map((record) => this.pod(record, signal)));
  }

  async #podStats(record: SandboxRecord, signal: AbortSignal): Promise<LinuxPodSandboxStats> {
    const { records, cgroups } = this.#deps;
    const live = records.containersOf(record.id).filter(isLive);
    const readings = new CgroupReadings(cgroups);
    const [usage, network, containers] = await Promise.all([
      this.#podUsage(record, live, readings, signal),
      this.#network(record, signal),
      this.#running(live, readings, signal),
    ]);
    return { ...usage, network, containers };
  }

  /** Timed as soon as it is read: the CPU rate stands on it. */
  async #podUsage(
    record: SandboxRecord,
    containers: readonly ContainerRecord[],
    readings: CgroupReadings,
    signal: AbortSignal,
  ): Promise<Pick<LinuxPodSandboxStats, 'cpu' | 'memory' | 'process' | 'io'>> {
    const pod = await this.#readPod(record, containers, readings, signal);
    const { clock, rates } = this.#deps;
    const now = clock.nowNs();
    return {
      cpu: pod && cpuUsage(pod, now, rateOf(rates, record.id, now, pod)),
      memory: pod && memoryUsage(pod, now),
      // Threads, as the peers count, and as the node's limit counts.
      process: pod && { timestamp: now, processCount: figure(pod.pids.current) },
      io: pod && ioUsage(pod, now),
    };
  }

  async #running(
    records: readonly ContainerRecord[],
    readings: CgroupReadings,
    signal: AbortSignal,
  ): Promise<readonly ContainerStats[]> {
    const stats = await Promise.all(
      records.filter(isLive).map(async (record) => {
        const reading = await this.#read(record, readings, signal);
        const vanished = reading === undefined && record.cgroup !== undefined;
        return vanished ? undefined : await this.#containerStats(record, reading, signal);
      }),
    );
    return stats.filter((one) => one !== undefined);
  }

  async #containerStats(
    record: ContainerRecord,
    reading: CgroupStats | undefined,
    signal: AbortSignal,
  ): Promise<ContainerStats> {
    const { clock, layers, rates } = this.#deps;
    const now = clock.nowNs();
    const cpu = reading && cpuUsage(reading, now, rateOf(rates, record.id, now, reading));
    const layer = await layers.usage(record, signal);
    return {
      attributes: containerAttributes(record),
      cpu,
      memory: reading && memoryUsage(reading, now),
      writableLayer: layer && {
        timestamp: layer.measuredAt,
        fsId: { mountpoint: record.writableLayer?.store ?? this.#options.containersDirectory },
        usedBytes: figure(layer.bytes),
        inodesUsed: figure(layer.inodes),
      },
      swap: reading && swapUsage(reading, now),
      io: reading && ioUsage(reading, now),
    };
  }

  async #read(
    record: ContainerRecord,
    readings: CgroupReadings,
    signal: AbortSignal,
  ): Promise<CgroupStats | undefined> {
    const { id, cgroup } = record;
    if (!isLive(record)) return undefined;
    const { logger, guests } = this.#deps;
    const subject = { logger, what: 'the cgroup of a container', id };
    const read = (): Promise<CgroupStats | undefined> =>
      cgroup === undefined
        ? guests.read(record, signal).then((reading) => reading?.cgroup)
        : readings.read(cgroup);
    return await attempt(subject, read, signal);
  }

  async #readPod(
    record: SandboxRecord,
    containers: readonly ContainerRecord[],
    readings: CgroupReadings,
    signal: AbortSignal,
  ): Promise<PodReading | undefined> {
    const subject = { logger: this.#deps.logger, what: 'the cgroups of a pod', id: record.id };
    const parts = await attempt(
      subject,
      () => Promise.all(podCgroups(record, containers).map((path) => readings.read(path))),
      signal,
    );
    return sumReadings((parts ?? []).filter((part) => part !== undefined));
  }

  async #network(record: SandboxRecord, signal: AbortSignal): Promise<NetworkUsage | undefined> {
    const { interfaces, clock } = this.#deps;
    const counters = await interfaces.read(record, signal);
    if (counters === undefined || record.network.state !== 'attached') return undefined;
    return networkUsage(counters, record.network.attachment.interfaceName, clock.nowNs());
  }
}

const rateOf = (
  rates: CpuRates,
  id: string,
  now: bigint,
  { cpu }: Pick<CgroupStats, 'cpu'>,
): bigint | undefined => (cpu.usageNs === undefined ? undefined : rates.add(id, now, cpu.usageNs));

const containerAttributes = ({ id, container }: ContainerRecord): ContainerStats['attributes'] => ({
  id,
  metadata: container.metadata,
  labels: { ...container.labels },
  annotations: { ...container.annotations },
});
