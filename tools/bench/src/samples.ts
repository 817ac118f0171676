export type Unit = 'ms' | 'CPU ms' | 'MB/s' | 'MiB' | '1/s';

/** Values of one measurement. */
export class Samples {
  readonly unit: Unit;
  readonly #values: number[] = [];

  constructor(unit: Unit = 'ms') {
    this.unit = unit;
  }

  get count(): number {
    return this.#values.length;
  }

  get sorted(): readonly number[] {
    return this.#values.toSorted((a, b) => a - b);
  }

  add(value: number): void {
    this.#values.push(value);
  }

  /** The smallest value that at least `share` of the samples do not exceed; NaN without samples. */
  percentile(share: number): number {
    const { sorted } = this;
    return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
  }
}

/** The samples of one subject by measurement, in the order in which measurements first came. */
export class Recorder {
  readonly #samples = new Map<string, Samples>();

  get operations(): readonly string[] {
    return [...this.#samples.keys()];
  }

  of(operation: string, unit: Unit = 'ms'): Samples {
    const samples = this.#samples.get(operation) ?? new Samples(unit);
    this.#samples.set(operation, samples);
    return samples;
  }

  record(operation: string, value: number, unit: Unit): void {
    this.of(operation, unit).add(value);
  }

  /** Runs work and records how many ms it took; what fails is not recorded. */
  async time<T>(operation: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await work();
    this.of(operation).add(performance.now() - start);
    return result;
  }
}
