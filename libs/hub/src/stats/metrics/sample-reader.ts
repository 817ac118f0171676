import type { Clock, Logger } from '@crihub/kernel';
import type { CgroupStats } from '@crihub/linux';
import type { ContainerRecord } from '../../records/container-record.ts';
import { attempt } from '../attempt.ts';
import type { CgroupFiles } from '../cgroup-files.ts';
import type { CgroupReader } from '../cgroup-readings.ts';
import type { DeviceNames, FilesystemFigures } from '../filesystem-figures.ts';
import type { GuestReadings } from '../guest-readings.ts';
import { readMemoryDetails } from '../memory-details.ts';
import type { ProcessReader } from '../process-figures.ts';
import type { WritableLayers } from '../writable-layers.ts';
import type { ContainerSample, NamedDeviceIo } from './samples.ts';

export interface SampleReaderDeps {
  readonly cgroups: CgroupReader;
  readonly guests: Pick<GuestReadings, 'read'>;
  readonly files: Pick<CgroupFiles, 'version' | 'read'>;
  readonly processes: Pick<ProcessReader, 'read'>;
  readonly layers: Pick<WritableLayers, 'usage'>;
  readonly devices: Pick<DeviceNames, 'nameOf'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Measures all that the metrics of a container are made of. */
export class SampleReader {
  readonly #deps: SampleReaderDeps;

  constructor(deps: SampleReaderDeps) {
    this.#deps = deps;
  }

  /** `undefined` if the container's cgroup has vanished. */
  async read(
    record: ContainerRecord,
    filesystem: FilesystemFigures | undefined,
    signal: AbortSignal,
  ): Promise<ContainerSample | undefined> {
    const { clock, layers } = this.#deps;
    const [layer, figures] = await Promise.all([
      layers.usage(record, signal),
      record.cgroup === undefined ? this.#readGuest(record, signal) : this.#readCgroup(record, signal),
    ]);
    if (record.cgroup !== undefined && figures.cgroup === undefined) return undefined;
    return { at: clock.nowNs(), record, layer, filesystem, ...figures };
  }

  /** Its devices are the guest's, and nobody here knows them. */
  async #readGuest(
    record: ContainerRecord,
    signal: AbortSignal,
  ): Promise<Pick<ContainerSample, 'cgroup' | 'memory' | 'processes' | 'io'>> {
    const { guests, logger } = this.#deps;
    const subject = { logger, what: 'the cgroup of a container in a guest', id: record.id };
    const reading = await attempt(subject, () => guests.read(record, signal), signal);
    const { cgroup, memory, descriptors } = reading ?? {};
    const processes = cgroup && {
      processes: cgroup.processes,
      threads: cgroup.pids.current,
      descriptors,
      openFilesLimit: undefined,
    };
    return { cgroup, memory, processes, io: [] };
  }

  async #readCgroup(
    { id, cgroup: path, pid }: ContainerRecord,
    signal: AbortSignal,
  ): Promise<Pick<ContainerSample, 'cgroup' | 'memory' | 'processes' | 'io'>> {
    if (path === undefined) return { cgroup: undefined, memory: undefined, processes: undefined, io: [] };
    const { cgroups, files, processes, logger } = this.#deps;
    const part = <T>(what: string, work: () => Promise<T>): Promise<T | undefined> =>
      attempt({ logger, what, id }, work, signal);
    const [cgroup, memory, figures] = await Promise.all([
      part('the cgroup of a container', () => cgroups.stats(path)),
      part('the memory of a container', () => readMemoryDetails(files, path)),
      part('the processes of a container', () => processes.read(path, pid, signal)),
    ]);
    const io = await part('the devices of a container', () => this.#nameDevices(cgroup));
    return { cgroup, memory, processes: figures, io: io ?? [] };
  }

  async #nameDevices(cgroup: CgroupStats | undefined): Promise<readonly NamedDeviceIo[]> {
    const { devices } = this.#deps;
    return await Promise.all(
      (cgroup?.io ?? []).map(async (one) => ({ ...one, device: await devices.nameOf(one.major, one.minor) })),
    );
  }
}
