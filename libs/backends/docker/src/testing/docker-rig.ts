import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Container, Sandbox } from '@crihub/contract';
import type { ContainerOverrides } from '@crihub/contract-testkit';
import { silentLogger, systemClock } from '@crihub/kernel';
import { CdiRegistry } from '@crihub/service-oci';
import { type BusyboxImages, MachineRig, RigMachine } from '@crihub/service-sandbox/testing';
import { DockerBackend } from '../docker-backend.ts';
import { instanceLabel } from '../identity.ts';
import { type DockerOptions, dockerOptions } from '../options.ts';
import type { TestEngine } from './test-engine.ts';

export interface DockerRigParts {
  readonly engine: TestEngine;
  readonly images: BusyboxImages;
  readonly cdi?: CdiRegistry;
}

/** A Docker backend on an engine that others may use too. */
export class DockerRig extends MachineRig<DockerBackend> {
  readonly images: BusyboxImages;
  readonly #engine: TestEngine;
  readonly #cdi: CdiRegistry;
  readonly #options: DockerOptions;

  static async start(parts: DockerRigParts, options: Partial<DockerOptions> = {}): Promise<DockerRig> {
    const machine = await RigMachine.start(await mkdtemp(join(tmpdir(), 'crihub-docker-')));
    return await new DockerRig(machine, parts, options).launch();
  }

  private constructor(
    machine: RigMachine,
    { engine, images, cdi = new CdiRegistry() }: DockerRigParts,
    options: Partial<DockerOptions>,
  ) {
    super(machine);
    this.#engine = engine;
    this.#cdi = cdi;
    this.images = images;
    const own = { socket: engine.socket, networkNamespaceDirectory: join(machine.directory, 'netns') };
    this.#options = { ...dockerOptions.parse(own), ...options };
  }

  override async makeContainer(sandbox: Sandbox, overrides: ContainerOverrides = {}): Promise<Container> {
    return await super.makeContainer(sandbox, { rootfs: '', imageId: this.images.id, ...overrides });
  }

  async interruptEvents(): Promise<void> {
    this.backend.interruptEvents();
  }

  /** A mount of its own at a directory, which others see what is mounted below. */
  async mountShared(path: string): Promise<void> {
    const { mounts } = this.machine;
    await mounts.bind({ source: path, target: path, recursive: true });
    await mounts.change({ target: path, propagation: 'shared' });
  }

  async unmount(path: string): Promise<void> {
    await this.machine.mounts.unmountUnder(path);
  }

  async leaks(): Promise<readonly string[]> {
    const engine = this.#engine.client();
    const containers = await engine.containers.list(
      [instanceLabel(this.#instance)],
      AbortSignal.timeout(10_000),
    );
    const marks = await readdir(join(this.directory, 'state/started'));
    return [
      ...containers.map(({ Names }) => `container ${String(Names)}`),
      ...marks.map((name) => `mark ${name}`),
      ...(await this.machine.leaks(['netns'])),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.backend.close();
    await this.#removeContainers();
    await this.machine[Symbol.asyncDispose]();
  }

  protected override makeBackend(): DockerBackend {
    const { host, cgroups, worker, namespaces } = this.machine;
    return new DockerBackend(
      {
        ...this.#options,
        stateDirectory: join(this.directory, 'state'),
        cgroupDriver: 'cgroupfs',
        instance: this.#instance,
      },
      {
        ...{ host, cgroups, worker, namespaces },
        logger: silentLogger,
        clock: systemClock,
        images: this.images,
        cdi: this.#cdi,
      },
    );
  }

  /** The engine names it by its own id. What is gone is looked for in the whole pod. */
  protected override async cgroupOf({ id, sandboxId }: Container): Promise<string> {
    const { containers } = await this.backend.inventory(AbortSignal.timeout(10_000));
    const found = containers.find((container) => container.id === id);
    return found?.cgroup ?? this.machine.podCgroup(sandboxId);
  }

  async #removeContainers(): Promise<void> {
    const { containers } = this.#engine.client();
    const signal = AbortSignal.timeout(30_000);
    const left = await containers.list([instanceLabel(this.#instance)], signal);
    for (const { Id } of left) await containers.remove(Id, signal);
  }

  get #instance(): string {
    return basename(this.directory);
  }
}
