import type { CgroupStats } from '@crihub/linux';

/** What the kernel counts of a cgroup; `undefined` if the cgroup does not exist. */
export interface CgroupReader {
  stats(path: string): Promise<CgroupStats | undefined>;
}

/** The readings that one answer is made of: each cgroup is read once, however often it is asked for. */
export class CgroupReadings {
  readonly #reader: CgroupReader;
  readonly #byPath = new Map<string, Promise<CgroupStats | undefined>>();

  constructor(reader: CgroupReader) {
    this.#reader = reader;
  }

  read(path: string): Promise<CgroupStats | undefined> {
    let reading = this.#byPath.get(path);
    if (reading === undefined) {
      reading = this.#reader.stats(path);
      this.#byPath.set(path, reading);
    }
    return reading;
  }
}
