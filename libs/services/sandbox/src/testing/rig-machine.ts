import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Container, Resources, Sandbox } from '@crihub/contract';
import {
  type ContainerOverrides,
  makeBusyboxRoot,
  sampleContainer,
  sampleSandbox,
} from '@crihub/contract-testkit';
import { newContainerId, newSandboxId } from '@crihub/kernel';
import {
  Cgroups,
  commandLineOf,
  type HostFacts,
  listMounts,
  Mounts,
  NamespaceWorker,
  PinnedNamespaces,
  probeHost,
  rootOfController,
} from '@crihub/linux';
import { spawnProcess } from '@crihub/transport/process';

interface MachineParts {
  readonly worker: NamespaceWorker;
  readonly mounts: Mounts;
  readonly namespaces: PinnedNamespaces;
  readonly host: HostFacts;
  readonly cgroups: Cgroups;
}

/** This machine, as a backend under test uses it: all files below one directory, all pods below one cgroup. */
export class RigMachine implements AsyncDisposable {
  readonly directory: string;
  readonly worker: NamespaceWorker;
  readonly mounts: Mounts;
  readonly namespaces: PinnedNamespaces;
  readonly host: HostFacts;
  readonly cgroups: Cgroups;

  /** Takes over an empty directory, whose name must be this rig's alone. */
  static async start(directory: string): Promise<RigMachine> {
    const worker = new NamespaceWorker();
    const mounts = new Mounts({ worker });
    const namespaces = new PinnedNamespaces({ worker, spawn: spawnProcess });
    const host = await probeHost(directory, { mounts, namespaces });
    return new RigMachine(directory, { worker, mounts, namespaces, host, cgroups: await Cgroups.detect() });
  }

  private constructor(directory: string, { worker, mounts, namespaces, host, cgroups }: MachineParts) {
    this.directory = directory;
    this.worker = worker;
    this.mounts = mounts;
    this.namespaces = namespaces;
    this.host = host;
    this.cgroups = cgroups;
  }

  /** The cgroup above those of all pods. */
  get cgroupParent(): string {
    return `/${basename(this.directory)}`;
  }

  async makeSandbox(overrides: Partial<Sandbox> = {}): Promise<Sandbox> {
    const id = newSandboxId();
    const directory = join(this.directory, 'pods', id);
    await mkdir(directory, { recursive: true });
    for (const name of ['hosts', 'hostname', 'resolv.conf']) await writeFile(join(directory, name), '');
    return sampleSandbox({ id, directory, cgroupParent: this.podCgroup(id), ...overrides });
  }

  /** A container on a root filesystem of busybox, unless it names another one. */
  async makeContainer(sandbox: Sandbox, overrides: ContainerOverrides = {}): Promise<Container> {
    const id = newContainerId();
    const rootfs = overrides.rootfs ?? join(sandbox.directory, `${id.slice(0, 12)}-root`);
    if (overrides.rootfs === undefined) await makeBusyboxRoot(rootfs);
    const logPath = join(sandbox.directory, `${id.slice(0, 12)}.log`);
    return sampleContainer(sandbox, { id, logPath, rootfs, ...overrides });
  }

  podCgroup(id: Sandbox['id']): string {
    return `${this.cgroupParent}/${id.slice(0, 12)}`;
  }

  containerCgroup({ id, sandboxId }: Pick<Container, 'id' | 'sandboxId'>): string {
    return `${this.podCgroup(sandboxId)}/${id}`;
  }

  /** How many processes of a cgroup have this word in their command line. */
  async countProcesses(cgroup: string, word: string): Promise<number> {
    const pids = await this.cgroups.processes(cgroup);
    const lines = await Promise.all(pids.map(commandLineOf));
    return lines.filter((line) => line.some((one) => one.includes(word))).length;
  }

  /** The limits in force, as the kernel has them. */
  async readLimits(cgroup: string): Promise<Pick<Resources, 'memoryLimitBytes' | 'cpuQuotaUs'>> {
    const { layout } = this.cgroups;
    const read = async (controller: string, file: string): Promise<string> =>
      (await readFile(join(rootOfController(layout, controller) ?? '', cgroup, file), 'utf8')).trim();
    if (layout.version === 'v2') {
      const [quota] = (await read('cpu', 'cpu.max')).split(' ');
      return { memoryLimitBytes: Number(await read('memory', 'memory.max')), cpuQuotaUs: Number(quota) };
    }
    return {
      memoryLimitBytes: Number(await read('memory', 'memory.limit_in_bytes')),
      cpuQuotaUs: Number(await read('cpu', 'cpu.cfs_quota_us')),
    };
  }

  /** What is left of pods: processes, mounts, and files in directories that should be empty, a line each. */
  async leaks(emptyDirectories: readonly string[]): Promise<readonly string[]> {
    const mounts = (await listMounts(this.directory)).filter(({ target }) => !target.endsWith('/netns'));
    const files = await Promise.all(emptyDirectories.map((name) => filesIn(join(this.directory, name))));
    const processes = await this.cgroups.processes(this.cgroupParent).catch(() => []); // no pod was made
    return [
      ...processes.map((pid) => `process ${String(pid)} in the pods' cgroup`),
      ...mounts.map(({ target }) => `mount ${target}`),
      ...files.flat().map((path) => `file ${path}`),
    ];
  }

  /** Kills all that runs in pods, and removes their cgroups. */
  async killPods(): Promise<void> {
    if (!(await this.cgroups.exists(this.cgroupParent))) return;
    await this.cgroups.kill(this.cgroupParent);
    await this.cgroups.remove(this.cgroupParent);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killPods();
    await this.mounts.unmountUnder(this.directory);
    await this.worker.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function filesIn(directory: string): Promise<readonly string[]> {
  return (await readdir(directory)).map((name) => join(directory, name));
}
