import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend, Container, Sandbox } from '@crihub/contract';
import { type ContainerOverrides, MemoryRig } from '@crihub/contract-testkit';
import { Semaphore, systemClock } from '@crihub/kernel';
import { RecordingLogger } from '@crihub/kernel/testing';
import { StreamingServer } from '@crihub/service-streaming';
import { EventHub } from '../events/event-hub.ts';
import type { LifecycleEvent } from '../events/lifecycle-event.ts';
import { streamingMethods } from '../front/methods/streaming.ts';
import { NodeState } from '../lifecycle/node-state.ts';
import { OpenAttach } from '../lifecycle/open-attach.ts';
import { OpenExec } from '../lifecycle/open-exec.ts';
import { OpenPortForward } from '../lifecycle/open-port-forward.ts';
import { openDatabase } from '../records/database.ts';
import type { NetworkState } from '../records/network-state.ts';
import { Records } from '../records/records.ts';
import { Handlers } from '../router/handlers.ts';
import { FakeNetwork } from './fake-network.ts';

const NAMESPACE_PATH = '/run/netns/of-the-pod';

/** The streaming RPCs on a memory backend and a real streaming server. Pods are on this machine's network. */
export class StreamingRig implements AsyncDisposable {
  readonly logger = new RecordingLogger();
  readonly memory: MemoryRig;
  readonly server: StreamingServer;
  readonly node: NodeState;
  readonly methods: ReturnType<typeof streamingMethods>;
  /** Namespaces that were entered to dial. */
  readonly entered: string[] = [];
  readonly #directory: string;

  static async start(
    backendOf: (memory: MemoryRig) => Backend = ({ backend }) => backend,
  ): Promise<StreamingRig> {
    const memory = await MemoryRig.start();
    const directory = await mkdtemp(join(tmpdir(), 'crihub-streaming-'));
    const logger = new RecordingLogger();
    const { database } = await openDatabase(directory, logger);
    const rig = new StreamingRig(directory, memory, backendOf(memory), new Records(database, logger));
    await rig.server.listen();
    return rig;
  }

  private constructor(directory: string, memory: MemoryRig, backend: Backend, records: Records) {
    this.#directory = directory;
    this.memory = memory;
    const { logger } = this;
    const nothing = (): undefined => undefined;
    this.server = new StreamingServer(
      { address: { host: '127.0.0.1', port: 0 } },
      { logger, observer: { opened: nothing, closed: nothing, refused: nothing } },
    );
    this.node = new NodeState({
      records,
      events: new EventHub<LifecycleEvent>(),
      clock: systemClock,
      logger,
      onEnded: nothing,
    });
    const handler = {
      name: 'memory',
      backend,
      network: new FakeNetwork(),
      admission: new Semaphore(1),
      timeouts: { createSandboxMs: 1000, createContainerMs: 1000, callMs: 1000 },
      defaults: { overhead: {}, resources: {} },
      allowWeakerFallback: false,
    };
    const handlers = new Handlers({ handlers: [handler], experiments: [], defaultHandler: 'memory' });
    const deps = { node: this.node, handlers, phases: { observe: nothing }, streaming: this.server };
    this.methods = streamingMethods({
      openExec: new OpenExec(deps),
      openAttach: new OpenAttach(deps),
      openPortForward: new OpenPortForward({
        ...deps,
        namespaces: {
          connectTcp: async (path, target) => {
            this.entered.push(path);
            const socket = connect({ ...target, allowHalfOpen: true });
            await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
            return socket;
          },
        },
      }),
    });
  }

  /** A pod that is ready. */
  async pod(network: NetworkState = { state: 'owed', namespacePath: NAMESPACE_PATH }): Promise<Sandbox> {
    const { backend } = this.memory;
    const signal = AbortSignal.timeout(5_000);
    const sandbox = await this.memory.makeSandbox();
    await backend.sandboxes.prepare(sandbox, signal);
    await backend.sandboxes.start(sandbox, undefined, signal);
    this.node.records.sandboxes.put({
      id: sandbox.id,
      phase: 'ready',
      runtimeHandler: '',
      handler: 'memory',
      sandbox,
      logDirectory: sandbox.directory,
      hostPorts: [],
      fingerprint: sandbox.id,
      createdAt: 1n,
      network,
    });
    return sandbox;
  }

  /** A container that runs this script. */
  async container(
    process: ContainerOverrides['process'] = { args: ['sleep', 'forever'] },
  ): Promise<Container> {
    const { backend } = this.memory;
    const signal = AbortSignal.timeout(5_000);
    const sandbox = await this.pod();
    const container = await this.memory.makeContainer(sandbox, { process });
    await backend.containers.create(container, sandbox, signal);
    await backend.containers.start(container.id, signal);
    this.node.records.putContainer({
      id: container.id,
      sandboxId: sandbox.id,
      phase: 'running',
      container,
      mounts: [],
      imageRef: container.imageRef,
      fingerprint: container.id,
      resources: {},
      createdAt: 1n,
      startedAt: 1n,
    });
    return container;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
    await this.memory[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
