import { type Clock, type Logger, Semaphore } from '@crihub/kernel';
import type { ContainerMetrics, Metric, MetricDescriptor, PodSandboxMetrics } from '@crihub/wire/cri';
import type { ContainerRecord } from '../../records/container-record.ts';
import type { Records } from '../../records/records.ts';
import type { SandboxRecord } from '../../records/sandbox-record.ts';
import { attempt } from '../attempt.ts';
import { type DeviceNames, type FilesystemFigures, readFilesystem } from '../filesystem-figures.ts';
import { isLive } from '../live-containers.ts';
import type { PodInterfaces } from '../pod-interfaces.ts';
import { type BaseLabels, describeMetric, type MetricRow, renderMetrics } from './metric.ts';
import type { SampleReader } from './sample-reader.ts';
import type { ContainerSample } from './samples.ts';
import { containerMetrics, podMetrics } from './tables.ts';

export interface PodMetricsOptions {
  /** A directory on the filesystem that holds the containers' writable layers, unless a backend has its own. */
  readonly containersDirectory: string;
  readonly cgroupVersion: 'v1' | 'v2';
}

export interface PodMetricsDeps {
  readonly records: Pick<Records, 'containersOf'>;
  readonly samples: Pick<SampleReader, 'read'>;
  readonly interfaces: Pick<PodInterfaces, 'read'>;
  readonly devices: DeviceNames;
  readonly clock: Clock;
  readonly logger: Logger;
}

type FilesystemOf = (record: ContainerRecord) => Promise<FilesystemFigures | undefined>;

/** Containers that are measured at one time: each costs a read of all its processes' descriptors. */
const MEASURED_AT_ONCE = 8;

/**
 * The metrics of pods and containers, for Prometheus by way of the kubelet. A metric has a sample where the
 * kernel has a number, and none otherwise: nothing is made up.
 */
export class PodMetrics {
  readonly #options: PodMetricsOptions;
  readonly #deps: PodMetricsDeps;
  readonly #rows: readonly MetricRow<ContainerSample>[];
  readonly #measuring = new Semaphore(MEASURED_AT_ONCE);

  constructor(options: PodMetricsOptions, deps: PodMetricsDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#rows = containerMetrics(options.cgroupVersion);
  }

  /** Of all metrics that this node can have. */
  descriptors(): readonly MetricDescriptor[] {
    return [...this.#rows, ...podMetrics].map(describeMetric);
  }

  /** Of the pods that are ready, and their containers that run. */
  async pods(records: readonly SandboxRecord[], signal: AbortSignal): Promise<readonly PodSandboxMetrics[]> {
    const filesystems = this.#filesystems(signal);
    const ready = records.filter(({ phase }) => phase === 'ready');
    return await Promise.all(ready.map((record) => this.#pod(record, filesystems, signal)));
  }

  /** Looks at each filesystem of writable layers once. */
  #filesystems(signal: AbortSignal): FilesystemOf {
    const { devices, logger } = this.#deps;
    const found = new Map<string, Promise<FilesystemFigures | undefined>>();
    return async ({ writableLayer }) => {
      const directory = writableLayer?.store ?? this.#options.containersDirectory;
      const subject = { logger, what: 'the filesystem of the writable layers', id: directory };
      const figures =
        found.get(directory) ?? attempt(subject, () => readFilesystem(directory, devices), signal);
      found.set(directory, figures);
      return await figures;
    };
  }

  async #pod(
    record: SandboxRecord,
    filesystemOf: FilesystemOf,
    signal: AbortSignal,
  ): Promise<PodSandboxMetrics> {
    const containers = this.#deps.records.containersOf(record.id).filter(isLive);
    const [metrics, measured] = await Promise.all([
      this.#podMetrics(record, signal),
      Promise.all(containers.map((container) => this.#container(record, container, filesystemOf, signal))),
    ]);
    const containerMetrics = measured.filter((one) => one !== undefined);
    return { podSandboxId: record.id, metrics, containerMetrics };
  }

  async #podMetrics(record: SandboxRecord, signal: AbortSignal): Promise<readonly Metric[]> {
    const { clock, interfaces } = this.#deps;
    const counters = await interfaces.read(record, signal);
    return renderMetrics(podMetrics, { interfaces: counters ?? [] }, podLabels(record), clock.nowNs());
  }

  async #container(
    pod: SandboxRecord,
    record: ContainerRecord,
    filesystemOf: FilesystemOf,
    signal: AbortSignal,
  ): Promise<ContainerMetrics | undefined> {
    const filesystem = await filesystemOf(record);
    const read = (): Promise<ContainerSample | undefined> =>
      this.#deps.samples.read(record, filesystem, signal);
    const sample = await this.#measuring.run(read, signal);
    if (sample === undefined) return undefined;
    const metrics = renderMetrics(this.#rows, sample, containerLabels(pod, record), sample.at);
    return { containerId: record.id, metrics };
  }
}

const containerLabels = (pod: SandboxRecord, record: ContainerRecord): BaseLabels => ({
  ...podIdentity(pod),
  id: record.cgroup ?? '',
  name: record.id,
  image: record.container.imageRef,
  container: record.container.metadata.name,
});

/** `POD` is what the peers call the container that stands for the pod. */
const podLabels = (pod: SandboxRecord): BaseLabels => ({
  ...podIdentity(pod),
  id: pod.cgroup ?? '',
  name: pod.id,
  image: '',
  container: 'POD',
});

const podIdentity = ({
  sandbox,
  handler,
}: SandboxRecord): Pick<BaseLabels, 'pod' | 'namespace' | 'handler'> => ({
  pod: sandbox.metadata.name,
  namespace: sandbox.metadata.namespace,
  handler,
});
