/** Durations of one kind of operation, in ms. */
export class Samples {
  readonly #values: number[] = [];

  get count(): number {
    return this.#values.length;
  }

  add(ms: number): void {
    this.#values.push(ms);
  }

  /** The smallest value that at least `share` of the samples do not exceed; NaN without samples. */
  percentile(share: number): number {
    const sorted = this.#values.toSorted((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
  }
}

/** The samples of one subject by operation, in the order in which operations first came. */
export class Recorder {
  readonly #samples = new Map<string, Samples>();

  get operations(): readonly string[] {
    return [...this.#samples.keys()];
  }

  of(operation: string): Samples {
    const samples = this.#samples.get(operation) ?? new Samples();
    this.#samples.set(operation, samples);
    return samples;
  }

  /** Runs work and records how long it took; what fails is not recorded. */
  async time<T>(operation: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await work();
    this.of(operation).add(performance.now() - start);
    return result;
  }
}
