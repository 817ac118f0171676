import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container, ImageSource, Sandbox } from '@crihub/contract';
import type { ContainerOverrides } from '@crihub/contract-testkit';
import { type Logger, RuntimeError, silentLogger, sleep, systemClock } from '@crihub/kernel';
import { commandLineOf, listPids } from '@crihub/linux';
import { CdiRegistry } from '@crihub/service-oci';
import { BusyboxImages, MachineRig, RigMachine } from '@crihub/service-sandbox/testing';
import { ContainerdBackend } from '../containerd-backend.ts';
import { type ContainerdOptions, containerdOptions } from '../options.ts';
import { ContainerdDaemon } from './containerd-daemon.ts';

export interface ContainerdRigOptions extends Partial<ContainerdOptions> {
  /** The containerd to start. */
  readonly program?: string;
  readonly logger?: Logger;
}

interface RigParts {
  readonly machine: RigMachine;
  readonly daemon: ContainerdDaemon;
  readonly images: BusyboxImages | undefined;
}

/** A containerd backend with a containerd of its own, all files below one directory. */
export class ContainerdRig extends MachineRig<ContainerdBackend> {
  readonly daemon: ContainerdDaemon;
  readonly images: BusyboxImages | undefined;
  readonly #options: ContainerdOptions;
  readonly #logger: Logger;

  static async start({ program, logger, ...options }: ContainerdRigOptions = {}): Promise<ContainerdRig> {
    const directory = await mkdtemp(join(tmpdir(), 'crihub-ctrd-'));
    const daemon = new ContainerdDaemon(directory, program);
    const [machine, images] = await Promise.all([
      RigMachine.start(directory),
      options.rootfs === 'snapshotter' ? BusyboxImages.make(join(directory, 'images')) : undefined,
      daemon.start(),
    ]);
    return await new ContainerdRig({ machine, daemon, images }, options, logger ?? silentLogger).launch();
  }

  private constructor(
    { machine, daemon, images }: RigParts,
    options: Partial<ContainerdOptions>,
    logger: Logger,
  ) {
    super(machine);
    this.daemon = daemon;
    this.images = images;
    this.#logger = logger;
    this.#options = containerdOptions.parse({
      socketPath: daemon.socketPath,
      networkNamespaceDirectory: join(machine.directory, 'netns'),
      ...options,
    });
  }

  /** With snapshots of containerd as root filesystems, a container of the image. */
  override async makeContainer(sandbox: Sandbox, overrides?: ContainerOverrides): Promise<Container> {
    const container = await super.makeContainer(sandbox, overrides);
    return this.images === undefined ? container : { ...container, rootfs: '', imageId: this.images.id };
  }

  /** What runs in pods, their own processes included. */
  async podProcesses(): Promise<readonly number[]> {
    const { cgroups, cgroupParent } = this.machine;
    return await cgroups.processes(cgroupParent);
  }

  /** Command lines of the shims. */
  async shims(): Promise<readonly string[]> {
    return (await this.#shims()).map(({ words }) => words.join(' '));
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
    await this.backend.close();
    await this.machine.killPods();
    await this.daemon[Symbol.asyncDispose]();
    for (const { pid } of await this.#shims()) process.kill(pid, 'SIGKILL');
    await this.machine[Symbol.asyncDispose]();
  }

  async #leaks(): Promise<readonly string[]> {
    return [
      ...(await this.#shims()).map(({ words }) => `process ${words.join(' ')}`),
      ...(await this.machine.leaks(OWN_DIRECTORIES)),
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

  protected override makeBackend(): ContainerdBackend {
    const { host, cgroups, namespaces, mounts } = this.machine;
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
        host,
        cgroups,
        namespaces,
        mounts,
        cdi: new CdiRegistry(),
        images: this.images ?? NO_IMAGES,
      },
    );
  }
}

const NO_IMAGES: ImageSource = {
  parts: async () => {
    throw new RuntimeError('Internal', 'the hub makes the root filesystems');
  },
};

const OWN_DIRECTORIES = ['run/sandboxes', 'run/containers', 'netns'];
