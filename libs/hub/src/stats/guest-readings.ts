import type { Backend, GuestFigures } from '@crihub/contract';
import { type ContainerId, type SandboxId, SingleFlight } from '@crihub/kernel';
import { type CgroupStats, statsOfV2Files } from '@crihub/linux';
import type { ContainerRecord } from '../records/container-record.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import { type MemoryDetails, parseMemoryDetails } from './memory-details.ts';

/** What a guest tells of a container. */
export interface GuestReading {
  readonly cgroup: CgroupStats;
  readonly memory: MemoryDetails | undefined;
  readonly descriptors: GuestFigures['descriptors'];
}

type PodFigures = ReadonlyMap<ContainerId, GuestFigures>;

export interface GuestReadingsDeps {
  readonly sandboxes: { get(id: SandboxId): SandboxRecord | undefined };
  readonly backendOf: (record: SandboxRecord) => Pick<Backend, 'statistics'> | undefined;
}

/** Longest wait for a guest: it must not hold up the figures of others. */
const TIMEOUT_MS = 5_000;

/** What containers use whose cgroups are not this host's. Those who ask at once for one pod share a round trip. */
export class GuestReadings {
  readonly #deps: GuestReadingsDeps;
  readonly #asking = new SingleFlight<SandboxId, PodFigures>();

  constructor(deps: GuestReadingsDeps) {
    this.#deps = deps;
  }

  /** `undefined` if the container's backend can't tell, or the container has vanished. */
  async read(
    { id, sandboxId }: Pick<ContainerRecord, 'id' | 'sandboxId'>,
    signal: AbortSignal,
  ): Promise<GuestReading | undefined> {
    const { sandboxes, backendOf } = this.#deps;
    const record = sandboxes.get(sandboxId);
    const statistics = record && backendOf(record)?.statistics;
    if (statistics === undefined) return undefined;
    const ask = async (): Promise<PodFigures> =>
      await statistics.figures(sandboxId, AbortSignal.timeout(TIMEOUT_MS));
    const figures = (await this.#asking.run(sandboxId, ask, signal)).get(id);
    return figures && (await readingOf(figures));
  }
}

async function readingOf({ cgroupFiles, descriptors }: GuestFigures): Promise<GuestReading | undefined> {
  const cgroup = await statsOfV2Files(async (name) => cgroupFiles.get(name), []);
  const memory = cgroupFiles.get('memory.stat');
  return (
    cgroup && {
      cgroup,
      memory: memory === undefined ? undefined : parseMemoryDetails(memory, 'v2'),
      descriptors,
    }
  );
}
