import { type Clock, describeError, type Logger, sleep } from '@crihub/kernel';
import type { Cgroups } from '@crihub/linux';
import type { Records } from '../records/records.ts';
import { CgroupFiles } from './cgroup-files.ts';
import { CpuRates } from './cpu-rates.ts';
import { CpuSampler } from './cpu-sampler.ts';
import { DeviceNames } from './filesystem-figures.ts';
import { PodMetrics } from './metrics/pod-metrics.ts';
import type { GuestReadings } from './guest-readings.ts';
import { SampleReader } from './metrics/sample-reader.ts';
import { type InterfaceReader, PodInterfaces } from './pod-interfaces.ts';
import { ProcessReader } from './process-figures.ts';
import { StatsCollector, type StatsCollectorOptions } from './stats-collector.ts';
import { type WritableLayerMeter, WritableLayers } from './writable-layers.ts';

export interface StatisticsDeps {
  readonly records: Records;
  readonly cgroups: Pick<Cgroups, 'layout' | 'stats' | 'processes'>;
  readonly interfaces: InterfaceReader;
  readonly guests: Pick<GuestReadings, 'read'>;
  readonly writableLayer: WritableLayerMeter;
  readonly clock: Clock;
  readonly logger: Logger;
}

const PERIOD_MS = 10_000;
const PERIOD_NS = BigInt(PERIOD_MS) * 1_000_000n;

/** The statistics and metrics of the node, and what is done for them in the background. */
export class Statistics {
  readonly collector: StatsCollector;
  readonly metrics: PodMetrics;
  readonly #deps: StatisticsDeps;
  readonly #rates = new CpuRates();
  readonly #layers: WritableLayers;
  readonly #sampler: CpuSampler;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor({ containersDirectory }: StatsCollectorOptions, deps: StatisticsDeps) {
    this.#deps = deps;
    this.#layers = new WritableLayers({ ...deps, meter: deps.writableLayer });
    const files = new CgroupFiles(deps.cgroups.layout);
    const parts = {
      ...deps,
      files,
      rates: this.#rates,
      layers: this.#layers,
      interfaces: new PodInterfaces(deps),
      processes: new ProcessReader(deps.cgroups),
      devices: new DeviceNames(),
    };
    this.#sampler = new CpuSampler(parts);
    this.collector = new StatsCollector({ containersDirectory }, parts);
    this.metrics = new PodMetrics(
      { containersDirectory, cgroupVersion: files.version },
      { ...parts, samples: new SampleReader(parts) },
    );
  }

  /** Begins what keeps the CPU rates recent while nobody asks. */
  start(): void {
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#loop, this.#layers.close()]);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await sleep(PERIOD_MS, signal);
        await this.tick();
      } catch (error) {
        if (signal.aborted) return;
        this.#deps.logger.warn('the statistics could not be sampled', { error: describeError(error) });
      }
    }
  }

  /** Samples if nobody asked lately, and forgets the pods and containers that are no more. */
  async tick(): Promise<void> {
    const { clock, records } = this.#deps;
    if (clock.nowNs() - this.#rates.newestNs >= PERIOD_NS) await this.#sampler.sample();
    const known = new Set<string>();
    for (const { id } of records.sandboxes.all()) known.add(id);
    for (const { id } of records.containers.all()) known.add(id);
    const exists = (id: string): boolean => known.has(id);
    this.#rates.retain(exists);
    this.#layers.retain(exists);
  }
}
