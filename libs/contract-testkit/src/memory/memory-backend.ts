import type {
  Backend,
  BackendEvent,
  BackendHealth,
  Capabilities,
  ContainerOperations,
  Inventory,
  Isolation,
  ProcessOperations,
  SandboxOperations,
} from '@crihub/contract';
import { BoundedQueue } from '@crihub/kernel';
import { Failpoints } from '../failpoints/failpoints.ts';
import { MemoryContainers } from './memory-containers.ts';
import type { MemoryNode } from './memory-node.ts';
import { MemoryProcesses } from './memory-processes.ts';
import { MemorySandboxes } from './memory-sandboxes.ts';
import { type Instance, step } from './steps.ts';

export interface MemoryBackendOptions {
  readonly kind?: string;
  readonly rootfs?: Backend['rootfs'];
  readonly isolation?: Isolation;
  /** What differs from being able to do everything. */
  readonly capabilities?: Partial<Capabilities>;
}

export interface MemoryBackendDependencies {
  /** Where the pods live. Another backend on the same node finds what this one left. */
  readonly node: MemoryNode;
  /** The daemon's life: `failpoints.crash()` is its unclean death. */
  readonly failpoints?: Failpoints;
}

const EVERYTHING: Capabilities = {
  userNamespaces: true,
  userNamespacesWithHostNetwork: true,
  recursiveReadonlyMounts: true,
  idmappedMounts: true,
  mountOptions: true,
  bidirectionalMounts: true,
  hostNetwork: true,
  hostPid: true,
  hostIpc: true,
  sharedPid: true,
  privileged: true,
  devices: true,
  updateSandboxResources: true,
};
const EVENT_BACKLOG = 10_000;

/** A whole backend without a machine under it: its containers run scripts (`script.ts`) in this process. */
export class MemoryBackend implements Backend {
  readonly kind: string;
  readonly rootfs: Backend['rootfs'];
  readonly isolation: Isolation;
  readonly sandboxes: SandboxOperations;
  readonly containers: ContainerOperations;
  readonly processes: ProcessOperations;
  readonly #instance: Instance;
  readonly #capabilities: Capabilities;
  readonly #closed = new AbortController();

  constructor(options: MemoryBackendOptions, dependencies: MemoryBackendDependencies) {
    this.kind = options.kind ?? 'memory';
    this.rootfs = options.rootfs ?? 'hub';
    this.isolation = options.isolation ?? 'namespaces';
    this.#capabilities = { ...EVERYTHING, ...options.capabilities };
    this.#instance = { failpoints: new Failpoints(), ...dependencies };
    const containers = new MemoryContainers(this.#instance);
    this.sandboxes = new MemorySandboxes(this.#instance);
    this.containers = containers;
    this.processes = new MemoryProcesses(this.#instance, containers);
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#instance.failpoints.hit('memory.start', signal);
  }

  async close(): Promise<void> {
    this.#closed.abort();
  }

  async health(signal: AbortSignal): Promise<BackendHealth> {
    signal.throwIfAborted();
    await this.#instance.failpoints.hit('memory.health', signal);
    const { outage } = this.#instance.node;
    if (outage !== undefined) return { healthy: false, ...outage };
    return { healthy: true, version: '1.0', capabilities: this.#capabilities };
  }

  async inventory(signal: AbortSignal): Promise<Inventory> {
    await step(this.#instance, 'inventory', signal);
    return this.#instance.node.inventory();
  }

  events(signal: AbortSignal): AsyncIterable<BackendEvent> {
    const end = AbortSignal.any([signal, this.#closed.signal]);
    const queue = new BoundedQueue<BackendEvent>(EVENT_BACKLOG);
    const { node, failpoints } = this.#instance;
    const subscription = node.listen((event) => {
      if (!failpoints.dead) queue.push(event);
    });
    const stop = (): void => {
      subscription[Symbol.dispose]();
      queue.close();
    };
    if (end.aborted) stop();
    else end.addEventListener('abort', stop, { once: true });
    return untilClosed(queue, end, stop);
  }
}

async function* untilClosed(
  queue: BoundedQueue<BackendEvent>,
  end: AbortSignal,
  stop: () => void,
): AsyncGenerator<BackendEvent> {
  try {
    for await (const event of queue) {
      if (end.aborted) return;
      yield event;
    }
  } finally {
    end.removeEventListener('abort', stop);
    stop();
  }
}
