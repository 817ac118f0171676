import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend, Container, Resources, Sandbox } from '@crihub/contract';
import { newContainerId, newSandboxId, RuntimeError } from '@crihub/kernel';
import { Failpoints } from '../failpoints/failpoints.ts';
import { memoryCommands } from '../kit/commands.ts';
import type { ContainerOverrides, Rig } from '../kit/rig.ts';
import { sampleContainer, sampleSandbox } from '../kit/samples.ts';
import { MemoryBackend, type MemoryBackendOptions } from './memory-backend.ts';
import { MemoryNode } from './memory-node.ts';

/** A memory backend with a directory for its pods. */
export class MemoryRig implements Rig {
  readonly node = new MemoryNode();
  readonly commands = memoryCommands;
  readonly #options: MemoryBackendOptions;
  readonly #directory: string;
  #failpoints = new Failpoints();
  #backend: MemoryBackend;

  static async start(options: MemoryBackendOptions = {}): Promise<MemoryRig> {
    const rig = new MemoryRig(options, await mkdtemp(join(tmpdir(), 'crihub-memory-')));
    await rig.backend.start(AbortSignal.timeout(5_000));
    return rig;
  }

  private constructor(options: MemoryBackendOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
    this.#backend = new MemoryBackend(options, { node: this.node, failpoints: this.#failpoints });
  }

  get backend(): Backend {
    return this.#backend;
  }
  get failpoints(): Failpoints {
    return this.#failpoints;
  }

  async reopen(whileDown?: () => Promise<void>): Promise<Backend> {
    this.#failpoints.crash();
    await whileDown?.();
    this.#failpoints = new Failpoints();
    this.#backend = new MemoryBackend(this.#options, { node: this.node, failpoints: this.#failpoints });
    await this.#backend.start(AbortSignal.timeout(5_000));
    return this.#backend;
  }

  async makeSandbox(overrides: Partial<Sandbox> = {}): Promise<Sandbox> {
    const id = newSandboxId();
    const directory = join(this.#directory, id);
    await mkdir(directory, { recursive: true });
    return sampleSandbox({ id, directory, ...overrides });
  }

  async makeContainer(sandbox: Sandbox, overrides: ContainerOverrides = {}): Promise<Container> {
    const id = newContainerId();
    const logPath = join(sandbox.directory, `${id.slice(0, 12)}.log`);
    return sampleContainer(sandbox, { id, logPath, rootfs: this.#directory, ...overrides });
  }

  async countProcesses(_container: Container, word: string): Promise<number> {
    return this.node.countProcesses(word);
  }

  async readLimits({ id }: Container): Promise<Resources> {
    const container = this.node.containers.get(id);
    if (container === undefined) throw new RuntimeError('NotFound', `container ${id} does not exist`, { id });
    return container.resources;
  }

  async interruptEvents(): Promise<void> {
    this.node.emit({ type: 'resync' });
  }

  async leaks(): Promise<readonly string[]> {
    return this.node.leftovers();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#backend.close();
    await this.node[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true });
  }
}
