import type { CgroupStats, DeviceIo, InterfaceStatistics } from '@crihub/linux';
import type { ContainerRecord } from '../../records/container-record.ts';
import type { FilesystemFigures } from '../filesystem-figures.ts';
import type { MemoryDetails } from '../memory-details.ts';
import type { ProcessFigures } from '../process-figures.ts';
import type { LayerUsage } from '../writable-layers.ts';

export interface NamedDeviceIo extends DeviceIo {
  /** `/dev/sda` */
  readonly device: string;
}

/** All that the metrics of one container are read from; what this node or backend can't tell is absent. */
export interface ContainerSample {
  /** Nanoseconds since 1970. */
  readonly at: bigint;
  readonly record: Pick<ContainerRecord, 'createdAt' | 'startedAt' | 'resources'>;
  readonly cgroup: CgroupStats | undefined;
  readonly memory: MemoryDetails | undefined;
  readonly io: readonly NamedDeviceIo[];
  readonly processes: ProcessFigures | undefined;
  readonly layer: LayerUsage | undefined;
  readonly filesystem: FilesystemFigures | undefined;
}

/** The same for a pod: what its containers share. */
export interface PodSample {
  readonly interfaces: readonly InterfaceStatistics[];
}
