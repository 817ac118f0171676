import type { Backend } from '@crihub/contract';
import { type SandboxId, SingleFlight } from '@crihub/kernel';
import { type CgroupStats, statsOfV2Files } from '@crihub/linux';
import type { ContainerRecord } from '../records/container-record.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';

type CgroupFiles = Awaited<ReturnType<NonNullable<Backend['statistics']>['cgroupFiles']>>;

export interface GuestReadingsDeps {
  readonly sandboxes: { get(id: SandboxId): SandboxRecord | undefined };
  readonly backendOf: (record: SandboxRecord) => Pick<Backend, 'statistics'> | undefined;
}

/** Longest wait for a guest: it must not hold up the figures of others. */
const TIMEOUT_MS = 5_000;

/** What containers use whose cgroups are not this host's. Those who ask at once for one pod share a round trip. */
export class GuestReadings {
  readonly #deps: GuestReadingsDeps;
  readonly #asking = new SingleFlight<SandboxId, CgroupFiles>();

  constructor(deps: GuestReadingsDeps) {
    this.#deps = deps;
  }

  /** `undefined` if the container's backend can't tell, or the container has vanished. */
  async read(
    { id, sandboxId }: Pick<ContainerRecord, 'id' | 'sandboxId'>,
    signal: AbortSignal,
  ): Promise<CgroupStats | undefined> {
    const { sandboxes, backendOf } = this.#deps;
    const record = sandboxes.get(sandboxId);
    const statistics = record && backendOf(record)?.statistics;
    if (statistics === undefined) return undefined;
    const ask = async (): Promise<CgroupFiles> =>
      await statistics.cgroupFiles(sandboxId, AbortSignal.timeout(TIMEOUT_MS));
    const files = (await this.#asking.run(sandboxId, ask, signal)).get(id);
    return files && (await statsOfV2Files(async (name) => files.get(name), []));
  }
}
