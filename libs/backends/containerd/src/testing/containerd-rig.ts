import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container, Resources, Sandbox } from '@crihub/contract';
import {
  busyboxCommands,
  type ContainerOverrides,
  makeBusyboxRoot,
  type Rig,
  sampleContainer,
  sampleSandbox,
} from '@crihub/contract-testkit';
import { type Logger, newContainerId, newSandboxId, silentLogger, sleep, systemClock } from '@crihub/kernel';
import {
  Cgroups,
  commandLineOf,
  type HostFacts,
  listMounts,
  listPids,
  Mounts,
  NamespaceWorker,
  PinnedNamespaces,
  probeHost,
  rootOfController,
} from '@crihub/linux';
import { CdiRegistry } from '@crihub/service-oci';
import { spawnProcess } from '@crihub/transport/process';
import { ContainerdBackend } from '../containerd-backend.ts';
import { type ContainerdOptions, containerdOptions } from '../options.ts';
import { ContainerdDaemon } from './containerd-daemon.ts';

export interface ContainerdRigOptions extends Partial<ContainerdOptions> {
  /** The containerd to start. */
  readonly program?: string;
  readonly logger?: Logger;
}

/** A containerd backend with a containerd of its own, all files below one directory. */
export class ContainerdRig implements Rig {
  readonly commands = busyboxCommands;
  readonly directory: string;
  readonly daemon: ContainerdDaemon;
  readonly cgroups: Cgroups;
  readonly #options: ContainerdOptions;
  readonly #logger: Logger;
  readonly #worker: NamespaceWorker;
  readonly #mounts: Mounts;
  readonly #namespaces: PinnedNamespaces;
  readonly #host: HostFacts;
  #backend: ContainerdBackend;

  static async start({ program, logger, ...options }: ContainerdRigOptions = {}): Promise<ContainerdRig> {
    const directory = await mkdtemp(join(tmpdir(), 'crihub-ctrd-'));
    const daemon = new ContainerdDaemon(directory, program);
    const worker = new NamespaceWorker();
    const mounts = new Mounts({ worker });
    const namespaces = new PinnedNamespaces({ worker, spawn: spawnProcess });
    const [host] = await Promise.all([probeHost(directory, { mounts, namespaces }), daemon.start()]);
    const parts = { daemon, cgroups: await Cgroups.detect(), worker, mounts, namespaces, host };
    const rig = new ContainerdRig(directory, parts, options, logger ?? silentLogger);
    await rig.#backend.start(AbortSignal.timeout(10_000));
    return rig;
  }

  private constructor(
    directory: string,
    parts: {
      readonly daemon: ContainerdDaemon;
      readonly cgroups: Cgroups;
      readonly worker: NamespaceWorker;
      readonly mounts: Mounts;
      readonly namespaces: PinnedNamespaces;
      readonly host: HostFacts;
    },
    options: Partial<ContainerdOptions>,
    logger: Logger,
  ) {
    this.directory = directory;
    this.daemon = parts.daemon;
    this.cgroups = parts.cgroups;
    this.#worker = parts.worker;
    this.#mounts = parts.mounts;
    this.#namespaces = parts.namespaces;
    this.#host = parts.host;
    this.#logger = logger;
    this.#options = containerdOptions.parse({
      socketPath: parts.daemon.socketPath,
      networkNamespaceDirectory: join(directory, 'netns'),
      ...options,
    });
    this.#backend = this.#make();
  }

  get backend(): ContainerdBackend {
    return this.#backend;
  }

  async reopen(whileDown?: () => Promise<void>): Promise<ContainerdBackend> {
    await this.#backend.close();
    await whileDown?.();
    this.#backend = this.#make();
    await this.#backend.start(AbortSignal.timeout(10_000));
    return this.#backend;
  }

  async makeSandbox(overrides: Partial<Sandbox> = {}): Promise<Sandbox> {
    const id = newSandboxId();
    const directory = join(this.directory, 'pods', id);
    await mkdir(directory, { recursive: true });
    for (const name of ['hosts', 'hostname', 'resolv.conf']) await writeFile(join(directory, name), '');
    const cgroupParent = `${this.#cgroupParent}/${id.slice(0, 12)}`;
    return sampleSandbox({ id, directory, cgroupParent, ...overrides });
  }

  async makeContainer(sandbox: Sandbox, overrides: ContainerOverrides = {}): Promise<Container> {
    const id = newContainerId();
    const rootfs = join(sandbox.directory, `${id.slice(0, 12)}-root`);
    await makeBusyboxRoot(rootfs);
    const logPath = join(sandbox.directory, `${id.slice(0, 12)}.log`);
    return sampleContainer(sandbox, { id, logPath, rootfs, ...overrides });
  }

  async countProcesses(container: Container, word: string): Promise<number> {
    const pids = await this.cgroups.processes(this.#cgroupOf(container));
    const lines = await Promise.all(pids.map(commandLineOf));
    return lines.filter((line) => line.some((one) => one.includes(word))).length;
  }

  async readLimits(container: Container): Promise<Pick<Resources, 'memoryLimitBytes' | 'cpuQuotaUs'>> {
    const { layout } = this.cgroups;
    const read = async (controller: string, file: string): Promise<string> => {
      const root = rootOfController(layout, controller) ?? '';
      return (await readFile(join(root, this.#cgroupOf(container), file), 'utf8')).trim();
    };
    if (layout.version === 'v2') {
      const [quota] = (await read('cpu', 'cpu.max')).split(' ');
      return { memoryLimitBytes: Number(await read('memory', 'memory.max')), cpuQuotaUs: Number(quota) };
    }
    return {
      memoryLimitBytes: Number(await read('memory', 'memory.limit_in_bytes')),
      cpuQuotaUs: Number(await read('cpu', 'cpu.cfs_quota_us')),
    };
  }

  /** containerd dies and comes back. */
  async interruptEvents(): Promise<void> {
    await this.daemon.kill();
    await this.daemon.start();
  }

  /** A shim ends a moment after its last task was deleted. */
  async leaks(): Promise<readonly string[]> {
    let found: readonly string[] = [];
    for (let round = 0; round < 40; round += 1) {
      found = await this.#leaks();
      if (!found.some((line) => line.startsWith('process'))) break;
      await sleep(50);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#backend.close();
    if (await this.cgroups.exists(this.#cgroupParent)) {
      await this.cgroups.kill(this.#cgroupParent);
      await this.cgroups.remove(this.#cgroupParent);
    }
    await this.daemon[Symbol.asyncDispose]();
    for (const { pid } of await this.#shims()) process.kill(pid, 'SIGKILL');
    await this.#mounts.unmountUnder(this.directory);
    await this.#worker.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #leaks(): Promise<readonly string[]> {
    const mounts = (await listMounts(this.directory)).filter(({ target }) => !target.endsWith('/netns'));
    const files = await Promise.all(OWN_DIRECTORIES.map((name) => filesIn(join(this.directory, name))));
    const processes = await this.cgroups.processes(this.#cgroupParent).catch(() => []); // no pod was made
    return [
      ...(await this.#shims()).map(({ words }) => `process ${words.join(' ')}`),
      ...processes.map((pid) => `process ${String(pid)} in the pods' cgroup`),
      ...mounts.map(({ target }) => `mount ${target}`),
      ...files.flat().map((path) => `file ${path}`),
    ];
  }

  async #shims(): Promise<readonly { readonly pid: number; readonly words: readonly string[] }[]> {
    const all = await Promise.all(
      (await listPids()).map(async (pid) => ({ pid, words: await commandLineOf(pid) })),
    );
    return all.filter(
      ({ words }) => words[0]?.includes('containerd-shim') === true && words.includes(this.daemon.socketPath),
    );
  }

  #make(): ContainerdBackend {
    return new ContainerdBackend(
      {
        ...this.#options,
        handler: 'containerd',
        runDirectory: join(this.directory, 'run'),
        cgroupDriver: 'cgroupfs',
      },
      {
        logger: this.#logger,
        clock: systemClock,
        host: this.#host,
        cgroups: this.cgroups,
        namespaces: this.#namespaces,
        mounts: this.#mounts,
        cdi: new CdiRegistry(),
      },
    );
  }

  get #cgroupParent(): string {
    return `/${this.directory.split('/').at(-1) ?? ''}`;
  }

  #cgroupOf({ id, sandboxId }: Container): string {
    return `${this.#cgroupParent}/${sandboxId.slice(0, 12)}/${id}`;
  }
}

const OWN_DIRECTORIES = ['run/sandboxes', 'run/containers', 'netns'];

async function filesIn(directory: string): Promise<readonly string[]> {
  return (await readdir(directory)).map((name) => join(directory, name));
}
