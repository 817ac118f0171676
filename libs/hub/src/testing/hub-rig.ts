import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend, Capabilities, CheckpointSupport, Isolation } from '@crihub/contract';
import { Failpoints, MemoryBackend, MemoryNode, withFailpoints } from '@crihub/contract-testkit';
import { Semaphore, systemClock } from '@crihub/kernel';
import { RecordingLogger } from '@crihub/kernel/testing';
import { Cgroups } from '@crihub/linux';
import { ContainerConfig, PodSandboxConfig } from '@crihub/wire/cri';
import type { CallContext } from '../front/server/index.ts';
import { Hub } from '../hub.ts';
import type { Handler } from '../router/handler.ts';
import type { Routing } from '../router/handlers.ts';
import { FakeImages, FakeRootFilesystems } from './fake-images.ts';
import { FakeNetwork } from './fake-network.ts';

export interface TestHandlerOptions extends Partial<Omit<Handler, 'name' | 'backend'>> {
  readonly isolation?: Isolation;
  readonly capabilities?: Partial<Capabilities>;
}

export type MakeRouting = (
  handler: (name: string, options?: TestHandlerOptions) => Handler,
) => Omit<Routing, 'experiments'> & Partial<Routing>;

const onlyMemory: MakeRouting = (handler) => ({ handlers: [handler('memory')], defaultHandler: 'memory' });

/** A hub on memory backends and fakes that outlive it, so that it can die and be opened again. */
export class HubRig {
  readonly node = new MemoryNode();
  readonly network = new FakeNetwork();
  readonly images = new FakeImages();
  readonly rootfs = new FakeRootFilesystems();
  readonly logger = new RecordingLogger();
  /** Of the hub's own steps. After `crash` no step of this life returns. */
  failpoints = new Failpoints();
  /** Around the backend's calls. */
  backendFailpoints = new Failpoints();
  /** What the backend can do beyond a memory backend, from the next opening on. */
  checkpoint: CheckpointSupport | undefined;
  readonly directory: string;
  readonly #routing: MakeRouting;
  readonly #nodes = new Map<string, MemoryNode>();
  #hub: Hub | undefined;

  /** @param routing by default one handler, `memory`. */
  static async start(routing: MakeRouting = onlyMemory): Promise<HubRig> {
    const rig = new HubRig(await mkdtemp(join(tmpdir(), 'crihub-hub-')), routing);
    await rig.open();
    return rig;
  }

  private constructor(directory: string, routing: MakeRouting) {
    this.directory = directory;
    this.#routing = routing;
  }

  /** Where the pods of a handler live. */
  nodeOf(handler: string): MemoryNode {
    if (handler === 'memory') return this.node;
    const node = this.#nodes.get(handler) ?? new MemoryNode();
    this.#nodes.set(handler, node);
    return node;
  }

  handler(name: string, { isolation, capabilities, ...settings }: TestHandlerOptions = {}): Handler {
    const memory = new MemoryBackend(
      { ...(isolation && { isolation }), ...(capabilities && { capabilities }) },
      { node: this.nodeOf(name), failpoints: this.failpoints },
    );
    const backend: Backend = {
      ...withFailpoints(memory, this.backendFailpoints),
      ...(this.checkpoint && { checkpoint: this.checkpoint }),
    };
    return {
      ...{ name, backend, network: this.network, admission: new Semaphore(4) },
      timeouts: { createSandboxMs: 10_000, createContainerMs: 10_000, callMs: 5_000 },
      defaults: { overhead: {}, resources: {} },
      allowWeakerFallback: false,
      ...settings,
    };
  }

  get hub(): Hub {
    if (this.#hub === undefined) throw new Error('the hub is not open');
    return this.#hub;
  }

  get runtime(): Hub['methods']['runtime'] {
    return this.hub.methods.runtime;
  }

  get context(): CallContext {
    return { signal: AbortSignal.timeout(20_000), method: 'test' };
  }

  async open(): Promise<void> {
    const { logger, images, rootfs, failpoints } = this;
    this.#hub = await Hub.open(
      {
        version: '0.0.0',
        stateDirectory: this.directory,
        cgroupDriver: 'cgroupfs',
        retention: { days: 1, rows: 1_000 },
        plugins: { registrationTimeoutMs: 5_000, requestTimeoutMs: 2_000 },
      },
      {
        routing: { experiments: [], ...this.#routing((name, options) => this.handler(name, options)) },
        images,
        rootfs,
        users: { resolve: async () => ({ uid: 0, gid: 0, additionalGids: [] }) },
        setPodCidr: () => undefined,
        cgroups: await Cgroups.detect(),
        interfaces: { read: async () => [] },
        streaming: { urlFor: ({ kind }) => `http://127.0.0.1/${kind}` },
        namespaces: { connectTcp: async () => Promise.reject(new Error('there are no namespaces here')) },
        phases: { observe: () => undefined },
        placements: { fellBack: () => undefined, excluded: () => undefined },
        usageOf: async () => undefined,
        reload: async () => ({ applied: [], needsRestart: [] }),
        pluginCalls: { observe: () => undefined },
        steps: { reached: (step) => failpoints.hit(step) },
        clock: systemClock,
        logger,
      },
    );
    await this.#hub.recover(AbortSignal.timeout(10_000));
  }

  /** The daemon dies where it stands, and a new one starts on what it left. */
  async reopenAfterDeath(arm: (backend: Failpoints) => void = () => undefined): Promise<void> {
    this.failpoints.crash();
    this.backendFailpoints.crash();
    this.failpoints = new Failpoints();
    this.backendFailpoints = new Failpoints();
    arm(this.backendFailpoints);
    await this.open();
  }

  async runSandbox(
    name = 'pod',
    overrides: Partial<PodSandboxConfig> = {},
    runtimeHandler = '',
  ): Promise<string> {
    const answer = await this.runtime.RunPodSandbox(
      { config: sandboxConfig(name, overrides), runtimeHandler },
      this.context,
    );
    if (!('podSandboxId' in answer)) throw new Error('not a response');
    return answer.podSandboxId;
  }

  async createContainer(
    podSandboxId: string,
    name = 'main',
    overrides: Partial<ContainerConfig> = {},
  ): Promise<string> {
    const answer = await this.runtime.CreateContainer(
      { podSandboxId, config: containerConfig(name, overrides), sandboxConfig: undefined },
      this.context,
    );
    if (!('containerId' in answer)) throw new Error('not a response');
    return answer.containerId;
  }

  /** What is left when there should be nothing. */
  async leftovers(): Promise<readonly string[]> {
    const directories = ['sandboxes', 'containers'].map(async (kind) =>
      (await readdir(join(this.directory, kind))).map((name) => `${kind}/${name}`),
    );
    return [
      ...this.node.leftovers(),
      ...[...this.network.attached.keys()].map((id) => `network of ${id}`),
      ...[...this.rootfs.mounted].map((path) => `mount ${path}`),
      ...(await Promise.all(directories)).flat(),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hub?.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

export const sandboxConfig = (name: string, overrides: Partial<PodSandboxConfig> = {}): PodSandboxConfig =>
  PodSandboxConfig.create({
    metadata: { name, namespace: 'default', uid: `uid-${name}`, attempt: 0 },
    labels: { app: name },
    ...overrides,
  });

export const containerConfig = (name: string, overrides: Partial<ContainerConfig> = {}): ContainerConfig =>
  ContainerConfig.create({
    metadata: { name, attempt: 0 },
    image: { image: 'registry.example/app:1' },
    ...overrides,
  });
