import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
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
import { newContainerId, newSandboxId, silentLogger, systemClock } from '@crihub/kernel';
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
import { type RuncOptions, runcOptions } from '../options.ts';
import { RuncBackend } from '../runc-backend.ts';

/** A runc backend on this machine, with all of its files below one directory. */
export class RuncRig implements Rig {
  readonly commands = busyboxCommands;
  readonly directory: string;
  readonly cgroups: Cgroups;
  readonly #options: RuncOptions;
  readonly #worker: NamespaceWorker;
  readonly #mounts: Mounts;
  readonly #namespaces: PinnedNamespaces;
  #host: HostFacts;
  #backend: RuncBackend;

  static async start(options: Partial<RuncOptions> = {}): Promise<RuncRig> {
    const directory = await mkdtemp(join(tmpdir(), 'crihub-runc-'));
    const worker = new NamespaceWorker();
    const mounts = new Mounts({ worker });
    const namespaces = new PinnedNamespaces({ worker, spawn: spawnProcess });
    const host = await probeHost(directory, { mounts, namespaces });
    const rig = new RuncRig(directory, await Cgroups.detect(), worker, mounts, namespaces, host, options);
    await rig.#backend.start(AbortSignal.timeout(10_000));
    return rig;
  }

  private constructor(
    directory: string,
    cgroups: Cgroups,
    worker: NamespaceWorker,
    mounts: Mounts,
    namespaces: PinnedNamespaces,
    host: HostFacts,
    options: Partial<RuncOptions>,
  ) {
    this.directory = directory;
    this.cgroups = cgroups;
    this.#worker = worker;
    this.#mounts = mounts;
    this.#namespaces = namespaces;
    this.#host = host;
    this.#options = {
      ...runcOptions.parse({ networkNamespaceDirectory: join(directory, 'netns') }),
      ...options,
    };
    this.#backend = this.#make();
  }

  get backend(): RuncBackend {
    return this.#backend;
  }

  async reopen(whileDown?: () => Promise<void>): Promise<RuncBackend> {
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
    return sampleSandbox({
      id,
      directory,
      cgroupParent: `${this.#cgroupParent}/${id.slice(0, 12)}`,
      ...overrides,
    });
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

  /** As if the machine had lost its power: nothing runs, nothing is mounted, and its memory is empty. */
  async reboot(): Promise<RuncBackend> {
    return await this.reopen(async () => {
      await this.cgroups.kill(this.#cgroupParent);
      await this.cgroups.remove(this.#cgroupParent);
      await this.#mounts.unmountUnder(this.directory);
      await rm(join(this.directory, 'run'), { recursive: true });
      await rm(join(this.directory, 'netns'), { recursive: true });
      this.#host = { ...this.#host, bootId: randomUUID() };
    });
  }

  /** Takes the watched directory away. */
  async interruptEvents(): Promise<void> {
    const exits = join(this.directory, 'run/exits');
    await rename(exits, `${exits}.old`);
    await mkdir(exits);
  }

  async leaks(): Promise<readonly string[]> {
    const commands = await Promise.all((await listPids()).map(commandLineOf));
    const conmons = commands.filter((words) =>
      words.some((word) => word.startsWith(`${this.directory}/run/`)),
    );
    const mounts = (await listMounts(this.directory)).filter(({ target }) => !target.endsWith('/netns'));
    const files = await Promise.all(OWN_DIRECTORIES.map((name) => filesIn(join(this.directory, name))));
    const processes = await this.cgroups.processes(this.#cgroupParent).catch(() => []); // no pod was made
    return [
      ...conmons.map((words) => `process ${words.slice(0, 8).join(' ')}`),
      ...processes.map((pid) => `process ${String(pid)} in the pods' cgroup`),
      ...mounts.map(({ target }) => `mount ${target}`),
      ...files.flat().map((path) => `file ${path}`),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#backend.close();
    if (await this.cgroups.exists(this.#cgroupParent)) {
      await this.cgroups.kill(this.#cgroupParent);
      await this.cgroups.remove(this.#cgroupParent);
    }
    await this.#mounts.unmountUnder(this.directory);
    await this.#worker.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  #make(): RuncBackend {
    return new RuncBackend(
      {
        ...this.#options,
        stateDirectory: join(this.directory, 'state'),
        runDirectory: join(this.directory, 'run'),
        cgroupDriver: 'cgroupfs',
      },
      {
        logger: silentLogger,
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

const OWN_DIRECTORIES = [
  'state/sandboxes',
  'state/containers',
  'run/sandboxes',
  'run/bundles',
  'run/exits',
  'run/runtime',
  'netns',
];

async function filesIn(directory: string): Promise<readonly string[]> {
  return (await readdir(directory)).map((name) => join(directory, name));
}
