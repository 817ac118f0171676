import { type CgroupLayout, readText, rootOfController } from '@crihub/linux';

/** Single files of cgroups, for what the common reading does not hold. */
export class CgroupFiles {
  readonly version: 'v1' | 'v2';
  readonly #layout: CgroupLayout;

  constructor(layout: CgroupLayout) {
    this.version = layout.version;
    this.#layout = layout;
  }

  /** `undefined` if this node lacks the controller, or the cgroup or the file does not exist. */
  async read(controller: string, path: string, file: string): Promise<string | undefined> {
    // `cpu.stat` is in every v2 cgroup, also where the controller is not enabled.
    const root =
      this.#layout.version === 'v2' ? this.#layout.root : rootOfController(this.#layout, controller);
    return root === undefined ? undefined : await readText(`${root}${path}/${file}`);
  }

  /** The CPU time of a cgroup in nanoseconds: what the rate needs, from one file. */
  async cpuUsage(path: string): Promise<bigint | undefined> {
    if (this.version === 'v1') return digits(await this.read('cpuacct', path, 'cpuacct.usage'), /^(\d+)/);
    const microseconds = digits(await this.read('cpu', path, 'cpu.stat'), /^usage_usec (\d+)/m);
    return microseconds === undefined ? undefined : microseconds * 1_000n;
  }
}

function digits(text: string | undefined, pattern: RegExp): bigint | undefined {
  const found = pattern.exec(text ?? '')?.[1];
  return found === undefined ? undefined : BigInt(found);
}
