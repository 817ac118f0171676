import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Container, Resources, Sandbox } from '@crihub/contract';
import {
  busyboxCommands,
  type ContainerOverrides,
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
  Mounts,
  NamespaceWorker,
  PinnedNamespaces,
  probeHost,
  rootOfController,
} from '@crihub/linux';
import { CdiRegistry } from '@crihub/service-oci';
import { spawnProcess } from '@crihub/transport/process';
import { DockerBackend } from '../docker-backend.ts';
import { instanceLabel } from '../identity.ts';
import { type DockerOptions, dockerOptions } from '../options.ts';
import type { BusyboxImages } from './busybox-image.ts';
import type { TestEngine } from './test-engine.ts';

export interface DockerRigParts {
  readonly engine: TestEngine;
  readonly images: BusyboxImages;
}

/** A Docker backend on an engine that others may use too. */
export class DockerRig implements Rig {
  readonly commands = busyboxCommands;
  readonly directory: string;
  readonly cgroups: Cgroups;
  readonly images: BusyboxImages;
  readonly #engine: TestEngine;
  readonly #options: DockerOptions;
  readonly #worker: NamespaceWorker;
  readonly #mounts: Mounts;
  readonly #namespaces: PinnedNamespaces;
  readonly #host: HostFacts;
  #backend: DockerBackend;

  static async start(parts: DockerRigParts, options: Partial<DockerOptions> = {}): Promise<DockerRig> {
    const directory = await mkdtemp(join(tmpdir(), 'crihub-docker-'));
    const worker = new NamespaceWorker();
    const mounts = new Mounts({ worker });
    const namespaces = new PinnedNamespaces({ worker, spawn: spawnProcess });
    const host = await probeHost(directory, { mounts, namespaces });
    const linux = { cgroups: await Cgroups.detect(), worker, mounts, namespaces, host };
    const rig = new DockerRig(directory, parts, linux, options);
    await rig.#backend.start(AbortSignal.timeout(10_000));
    return rig;
  }

  private constructor(
    directory: string,
    { engine, images }: DockerRigParts,
    linux: {
      readonly cgroups: Cgroups;
      readonly worker: NamespaceWorker;
      readonly mounts: Mounts;
      readonly namespaces: PinnedNamespaces;
      readonly host: HostFacts;
    },
    options: Partial<DockerOptions>,
  ) {
    this.directory = directory;
    this.#engine = engine;
    this.images = images;
    this.cgroups = linux.cgroups;
    this.#worker = linux.worker;
    this.#mounts = linux.mounts;
    this.#namespaces = linux.namespaces;
    this.#host = linux.host;
    const own = { socket: engine.socket, networkNamespaceDirectory: join(directory, 'netns') };
    this.#options = { ...dockerOptions.parse(own), ...options };
    this.#backend = this.#make();
  }

  get backend(): DockerBackend {
    return this.#backend;
  }

  get host(): HostFacts {
    return this.#host;
  }

  async reopen(whileDown?: () => Promise<void>): Promise<DockerBackend> {
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
    const logPath = join(sandbox.directory, `${id.slice(0, 12)}.log`);
    return sampleContainer(sandbox, { id, logPath, rootfs: '', imageId: this.images.id, ...overrides });
  }

  async countProcesses({ sandboxId }: Container, word: string): Promise<number> {
    const pids = await this.cgroups.processes(`${this.#cgroupParent}/${sandboxId.slice(0, 12)}`);
    const lines = await Promise.all(pids.map(commandLineOf));
    return lines.filter((line) => line.some((one) => one.includes(word))).length;
  }

  async readLimits({ id }: Container): Promise<Pick<Resources, 'memoryLimitBytes' | 'cpuQuotaUs'>> {
    const { containers } = await this.#backend.inventory(AbortSignal.timeout(10_000));
    const cgroup = containers.find((container) => container.id === id)?.cgroup ?? '';
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

  async interruptEvents(): Promise<void> {
    this.#backend.interruptEvents();
  }

  /** A mount of its own at a directory, which others see what is mounted below. */
  async mountShared(path: string): Promise<void> {
    await this.#mounts.bind({ source: path, target: path, recursive: true });
    await this.#mounts.change({ target: path, propagation: 'shared' });
  }

  async unmount(path: string): Promise<void> {
    await this.#mounts.unmountUnder(path);
  }

  async leaks(): Promise<readonly string[]> {
    const engine = this.#engine.client();
    const containers = await engine.containers.list(
      [instanceLabel(this.#instance)],
      AbortSignal.timeout(10_000),
    );
    const mounts = (await listMounts(this.directory)).filter(({ target }) => !target.endsWith('/netns'));
    const processes = await this.cgroups.processes(this.#cgroupParent);
    const files = await Promise.all(
      ['state/started', 'netns'].map(async (name) =>
        (await readdir(join(this.directory, name))).map((file) => `${name}/${file}`),
      ),
    );
    return [
      ...containers.map(({ Names }) => `container ${String(Names)}`),
      ...processes.map((pid) => `process ${String(pid)} in the pods' cgroup`),
      ...mounts.map(({ target }) => `mount ${target}`),
      ...files.flat().map((path) => `file ${path}`),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#backend.close();
    await this.#removeContainers();
    if (await this.cgroups.exists(this.#cgroupParent)) {
      await this.cgroups.kill(this.#cgroupParent);
      await this.cgroups.remove(this.#cgroupParent);
    }
    await this.#mounts.unmountUnder(this.directory);
    await this.#worker.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #removeContainers(): Promise<void> {
    const { containers } = this.#engine.client();
    const signal = AbortSignal.timeout(30_000);
    const left = await containers.list([instanceLabel(this.#instance)], signal);
    for (const { Id } of left) await containers.remove(Id, signal);
  }

  #make(): DockerBackend {
    return new DockerBackend(
      {
        ...this.#options,
        stateDirectory: join(this.directory, 'state'),
        cgroupDriver: 'cgroupfs',
        instance: this.#instance,
      },
      {
        logger: silentLogger,
        clock: systemClock,
        host: this.#host,
        cgroups: this.cgroups,
        worker: this.#worker,
        namespaces: this.#namespaces,
        images: this.images,
        cdi: new CdiRegistry(),
      },
    );
  }

  get #instance(): string {
    return basename(this.directory);
  }

  get #cgroupParent(): string {
    return `/${basename(this.directory)}`;
  }
}
