import type {
  AttachSpec,
  Backend,
  BackendEvent,
  BackendHealth,
  BackendPlacement,
  BackendServices,
  Capabilities,
  Container,
  ContainerOperations,
  ExecSpec,
  Inventory,
  ProcessOperations,
  ProcessSession,
  Resources,
  Sandbox,
  SandboxOperations,
} from '@crihub/contract';
import { type ContainerId, RuntimeError, type SandboxId } from '@crihub/kernel';
import { killProcessTree, processRef } from '@crihub/linux';
import { EventStream, notFound, wrongState } from '@crihub/service-sandbox';
import { addNetworkNamespace, deleteNetworkNamespace, networkNamespacePath } from './network-namespace.ts';
import type { ProcessOptions } from './options.ts';
import { ProcessContainer } from './process-container.ts';
import { execProgram } from './program.ts';

/** What it can do on this host. The hub refuses what is false before anything exists. */
const CAPABILITIES: Capabilities = {
  userNamespaces: false,
  userNamespacesWithHostNetwork: false,
  recursiveReadonlyMounts: false,
  idmappedMounts: false,
  mountOptions: false,
  bidirectionalMounts: false,
  hostNetwork: true,
  hostPid: false,
  hostIpc: true,
  sharedPid: false,
  privileged: false,
  devices: false,
  updateSandboxResources: false,
};

interface Pod {
  readonly sandbox: Sandbox;
  readonly state: 'prepared' | 'running' | 'stopped';
}

/** Runs containers as processes of the host in namespaces of their own. It forgets its pods when the daemon ends. */
export class ProcessBackend implements Backend {
  readonly kind = 'process';
  readonly rootfs = 'hub';
  readonly isolation = 'namespaces';
  readonly #services: BackendServices;
  readonly #events = new EventStream();
  readonly #pods = new Map<SandboxId, Pod>();
  readonly #containers = new Map<ContainerId, ProcessContainer>();

  constructor(_options: ProcessOptions, _placement: BackendPlacement, services: BackendServices) {
    this.#services = services;
  }

  async start(): Promise<void> {
    return undefined;
  }

  async close(): Promise<void> {
    this.#events.close();
  }

  async health(): Promise<BackendHealth> {
    return { healthy: true, version: '0.1.0', capabilities: CAPABILITIES };
  }

  async inventory(signal: AbortSignal): Promise<Inventory> {
    signal.throwIfAborted();
    return {
      sandboxes: [...this.#pods.values()].map(({ sandbox, state }) => ({
        id: sandbox.id,
        state,
        sandbox,
        ...namespaceOf(sandbox),
      })),
      containers: [...this.#containers.values()].map((container) => container.describe()),
    };
  }

  events(signal: AbortSignal): AsyncIterable<BackendEvent> {
    return this.#events.listen(signal);
  }

  readonly sandboxes: SandboxOperations = {
    prepare: async (sandbox, signal) => {
      signal.throwIfAborted();
      const known = this.#pods.get(sandbox.id);
      if (known?.state === 'stopped') throw wrongState('prepare', 'sandbox', sandbox.id, 'stopped', 'new');
      if (known === undefined) {
        if (sandbox.namespaces.network === 'pod') await addNetworkNamespace(sandbox.id, signal);
        this.#pods.set(sandbox.id, { sandbox, state: 'prepared' });
      }
      return namespaceOf(sandbox);
    },
    start: async ({ id }, _network, signal) => {
      signal.throwIfAborted();
      const pod = this.#pod('start', id);
      if (pod.state === 'stopped') throw wrongState('start', 'sandbox', id, 'stopped', 'prepared');
      this.#pods.set(id, { ...pod, state: 'running' });
      return {};
    },
    stop: async (id, signal) => {
      signal.throwIfAborted();
      await Promise.all(this.#containersOf(id).map(async (container) => await container.kill()));
      const pod = this.#pods.get(id);
      if (pod !== undefined) this.#pods.set(id, { ...pod, state: 'stopped' });
    },
    remove: async (id, signal) => {
      signal.throwIfAborted();
      for (const container of this.#containersOf(id)) await this.#remove(container);
      await deleteNetworkNamespace(id, signal);
      this.#pods.delete(id);
    },
    update: async ({ id }, _change, signal) => {
      signal.throwIfAborted();
      this.#pod('update', id);
      refuseLimits();
    },
  };

  readonly containers: ContainerOperations = {
    create: async (container, { id }, signal) => {
      signal.throwIfAborted();
      const { state, sandbox } = this.#pod('create a container in', id);
      if (state !== 'running') throw wrongState('create a container in', 'sandbox', id, state, 'running');
      if (!this.#containers.has(container.id)) this.#add(container, sandbox);
      return {};
    },
    start: async (id, signal) => {
      signal.throwIfAborted();
      return await this.#container('start', id).start();
    },
    signal: async (id, name, scope, signal) => {
      signal.throwIfAborted();
      const container = this.#containers.get(id);
      await (scope === 'all' ? container?.kill() : container?.signal(name));
    },
    remove: async (id, signal) => {
      signal.throwIfAborted();
      const container = this.#containers.get(id);
      if (container !== undefined) await this.#remove(container);
    },
    update: async (id: ContainerId, _resources: Resources, signal: AbortSignal) => {
      signal.throwIfAborted();
      this.#container('update', id);
      refuseLimits();
    },
    reopenLog: async (id, signal) => {
      signal.throwIfAborted();
      await this.#container('reopen the log of', id).reopenLog();
    },
  };

  readonly processes: ProcessOperations = {
    exec: async (id, exec, signal) => {
      signal.throwIfAborted();
      const container = this.#running('exec in', id);
      if (exec.terminal)
        throw new RuntimeError('Unimplemented', 'the process backend has no terminals', { id });
      return await openSession(container, exec);
    },
    attach: async (id: ContainerId, _attach: AttachSpec, signal: AbortSignal) => {
      signal.throwIfAborted();
      this.#running('attach to', id);
      throw new RuntimeError('Unimplemented', "the process backend can't attach", { id });
    },
  };

  #add(spec: Container, sandbox: Sandbox): void {
    const container = new ProcessContainer(spec, {
      ...this.#services,
      networkNamespace: namespaceOf(sandbox).networkNamespace,
      exited: (exit) => this.#events.push({ type: 'containerExited', id: spec.id, exit }),
    });
    this.#containers.set(spec.id, container);
  }

  async #remove(container: ProcessContainer): Promise<void> {
    await container.kill();
    this.#containers.delete(container.spec.id);
  }

  #pod(operation: string, id: SandboxId): Pod {
    const pod = this.#pods.get(id);
    if (pod === undefined) throw notFound(operation, 'sandbox', id);
    return pod;
  }

  #container(operation: string, id: ContainerId): ProcessContainer {
    const container = this.#containers.get(id);
    if (container === undefined) throw notFound(operation, 'container', id);
    return container;
  }

  #running(operation: string, id: ContainerId): ProcessContainer {
    const container = this.#container(operation, id);
    if (container.state === 'running') return container;
    throw wrongState(operation, 'container', id, container.state, 'running');
  }

  #containersOf(id: SandboxId): readonly ProcessContainer[] {
    return [...this.#containers.values()].filter(({ spec }) => spec.sandboxId === id);
  }
}

const namespaceOf = ({ id, namespaces }: Sandbox): { readonly networkNamespace?: string } =>
  namespaces.network === 'pod' ? { networkNamespace: networkNamespacePath(id) } : {};

function refuseLimits(): never {
  throw new RuntimeError('Unimplemented', 'the process backend sets no limits');
}

async function openSession({ spec, pid }: ProcessContainer, exec: ExecSpec): Promise<ProcessSession> {
  const child = await execProgram(spec, pid, exec);
  const ref = await processRef(child.pid);
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exit: child.exited.then((exitCode) => ({ exitCode })),
    resize: async () => undefined,
    kill: async () => {
      if (ref !== undefined) await killProcessTree(ref);
      await child.exited;
    },
  };
}
