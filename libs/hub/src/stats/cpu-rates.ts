interface Sample {
  readonly atNs: bigint;
  readonly usageNs: bigint;
  readonly nanoCores: bigint | undefined;
}

/** Below this the rate is noise: the time of day is in milliseconds, and the scheduler's ticks are coarse. */
const SHORTEST_NS = 1_000_000_000n;

/** The present CPU rate of each pod and container, from the last two samples of its CPU time. */
export class CpuRates {
  readonly #samples = new Map<string, Sample>();
  #newestNs = 0n;

  /** When the last sample came, in nanoseconds since 1970. */
  get newestNs(): bigint {
    return this.#newestNs;
  }

  get size(): number {
    return this.#samples.size;
  }

  /** Takes a sample. @returns nanoseconds of CPU per second; `undefined` until two samples are a second apart. */
  add(id: string, atNs: bigint, usageNs: bigint): bigint | undefined {
    if (atNs > this.#newestNs) this.#newestNs = atNs;
    const before = this.#samples.get(id);
    const elapsed = before === undefined ? 0n : atNs - before.atNs;
    // A restart, a clock that was set back, or a pod that lost a container: it begins anew.
    if (before === undefined || elapsed < 0n || usageNs < before.usageNs) {
      this.#samples.set(id, { atNs, usageNs, nanoCores: undefined });
      return undefined;
    }
    if (elapsed < SHORTEST_NS) return before.nanoCores;
    const nanoCores = ((usageNs - before.usageNs) * 1_000_000_000n) / elapsed;
    this.#samples.set(id, { atNs, usageNs, nanoCores });
    return nanoCores;
  }

  /** Forgets those that no longer exist. */
  retain(exists: (id: string) => boolean): void {
    for (const id of this.#samples.keys()) if (!exists(id)) this.#samples.delete(id);
  }
}
