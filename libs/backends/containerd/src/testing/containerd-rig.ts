import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container, Resources, Sandbox } from '@crihub/contract';
import { busyboxCommands, type ContainerOverrides, type Rig } from '@crihub/contract-testkit';
import { type Logger, silentLogger, sleep, systemClock } from '@crihub/kernel';
import { commandLineOf, listPids } from '@crihub/linux';
import { CdiRegistry } from '@crihub/service-oci';
import { RigMachine } from '@crihub/service-sandbox/testing';
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
  readonly daemon: ContainerdDaemon;
  readonly #machine: RigMachine;
  readonly #options: ContainerdOptions;
  readonly #logger: Logger;
  #backend: ContainerdBackend;

  static async start({ program, logger, ...options }: ContainerdRigOptions = {}): Promise<ContainerdRig> {
    const directory = await mkdtemp(join(tmpdir(), 'crihub-ctrd-'));
    const daemon = new ContainerdDaemon(directory, program);
    const [machine] = await Promise.all([RigMachine.start(directory), daemon.start()]);
    const rig = new ContainerdRig(machine, daemon, options, logger ?? silentLogger);
    await rig.#backend.start(AbortSignal.timeout(10_000));
    return rig;
  }

  private constructor(
    machine: RigMachine,
    daemon: ContainerdDaemon,
    options: Partial<ContainerdOptions>,
    logger: Logger,
  ) {
    this.daemon = daemon;
    this.#machine = machine;
    this.#logger = logger;
    this.#options = containerdOptions.parse({
      socketPath: daemon.socketPath,
      networkNamespaceDirectory: join(machine.directory, 'netns'),
      ...options,
    });
    this.#backend = this.#make();
  }

  get backend(): ContainerdBackend {
    return this.#backend;
  }

  get directory(): string {
    return this.#machine.directory;
  }

  async reopen(whileDown?: () => Promise<void>): Promise<ContainerdBackend> {
    await this.#backend.close();
    await whileDown?.();
    this.#backend = this.#make();
    await this.#backend.start(AbortSignal.timeout(10_000));
    return this.#backend;
  }

  async makeSandbox(overrides?: Partial<Sandbox>): Promise<Sandbox> {
    return await this.#machine.makeSandbox(overrides);
  }

  async makeContainer(sandbox: Sandbox, overrides?: ContainerOverrides): Promise<Container> {
    return await this.#machine.makeContainer(sandbox, overrides);
  }

  async countProcesses(container: Container, word: string): Promise<number> {
    return await this.#machine.countProcesses(this.#machine.containerCgroup(container), word);
  }

  async readLimits(container: Container): Promise<Pick<Resources, 'memoryLimitBytes' | 'cpuQuotaUs'>> {
    return await this.#machine.readLimits(this.#machine.containerCgroup(container));
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
    await this.#machine.killPods();
    await this.daemon[Symbol.asyncDispose]();
    for (const { pid } of await this.#shims()) process.kill(pid, 'SIGKILL');
    await this.#machine[Symbol.asyncDispose]();
  }

  async #leaks(): Promise<readonly string[]> {
    return [
      ...(await this.#shims()).map(({ words }) => `process ${words.join(' ')}`),
      ...(await this.#machine.leaks(OWN_DIRECTORIES)),
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
    const { host, cgroups, namespaces, mounts } = this.#machine;
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
      },
    );
  }
}

const OWN_DIRECTORIES = ['run/sandboxes', 'run/containers', 'netns'];
