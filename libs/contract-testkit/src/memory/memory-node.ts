import type {
  BackendEvent,
  Container,
  Inventory,
  InventoryContainer,
  InventorySandbox,
  Resources,
  Sandbox,
} from '@crihub/contract';
import { type Clock, type ContainerId, type SandboxId, systemClock } from '@crihub/kernel';
import { MemoryContainer } from './memory-container.ts';

export interface MemorySandbox {
  readonly spec: Sandbox;
  readonly state: InventorySandbox['state'];
  readonly overhead: Resources;
  readonly resources: Resources;
}

/** Why the engine that a backend drives can't be reached. */
export interface Outage {
  readonly reason: string;
  readonly message: string;
}

type EventListener = (event: BackendEvent) => void;

// No real process has such a number, so nobody who takes one at its word can hurt the machine.
const FIRST_PID = 5_000_000;

/**
 * What a daemon leaves on a machine when it dies: pods, containers, processes. It outlives the backend
 * instances that work on it.
 */
export class MemoryNode implements AsyncDisposable {
  readonly sandboxes = new Map<SandboxId, MemorySandbox>();
  readonly containers = new Map<ContainerId, MemoryContainer>();
  readonly clock: Clock;
  /** Set: the backend is unhealthy, and every call to it fails. */
  outage: Outage | undefined;
  readonly #listeners = new Set<EventListener>();
  #lastPid = FIRST_PID;

  constructor({ clock = systemClock }: { readonly clock?: Clock } = {}) {
    this.clock = clock;
  }

  addContainer(spec: Container): MemoryContainer {
    const container = new MemoryContainer(spec, {
      nextPid: () => (this.#lastPid += 1),
      nowNs: () => this.clock.nowNs(),
      exited: (exit) => this.emit({ type: 'containerExited', id: spec.id, exit }),
    });
    this.containers.set(spec.id, container);
    return container;
  }

  containersOf(id: SandboxId): readonly MemoryContainer[] {
    return [...this.containers.values()].filter((container) => container.spec.sandboxId === id);
  }

  /** Tells all who listen now. */
  emit(event: BackendEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  listen(listener: EventListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  inventory(): Inventory {
    return {
      sandboxes: [...this.sandboxes.values()].map(describeSandbox),
      containers: [...this.containers.values()].map(describeContainer),
    };
  }

  /** How many processes have this word in their command line. */
  countProcesses(word: string): number {
    return [...this.containers.values()]
      .flatMap((container) => container.commandLines)
      .filter((args) => args.includes(word)).length;
  }

  /** Everything that is still there, a line each. */
  leftovers(): readonly string[] {
    return [
      ...[...this.sandboxes].map(([id, { state }]) => `sandbox ${id} (${state})`),
      ...[...this.containers].map(([id, { state }]) => `container ${id} (${state})`),
    ];
  }

  /** Ends all processes; the records stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.containers.values()].map((container) => container.kill()));
  }
}

/** The path that the pod network would attach to; no such file exists. */
export const networkNamespaceOf = (sandbox: Sandbox): string | undefined =>
  sandbox.namespaces.network === 'node' ? undefined : `/run/netns/memory-${sandbox.id.slice(0, 16)}`;

export const cgroupOf = (sandbox: Sandbox): string => sandbox.cgroupParent || `/memory/${sandbox.id}`;

function describeSandbox({ spec, state }: MemorySandbox): InventorySandbox {
  const networkNamespace = networkNamespaceOf(spec);
  return {
    id: spec.id,
    state,
    sandbox: spec,
    ...(networkNamespace === undefined ? {} : { networkNamespace }),
  };
}

function describeContainer({ spec, state, init, exit }: MemoryContainer): InventoryContainer {
  const base = { id: spec.id, sandboxId: spec.sandboxId, container: spec };
  if (state === 'running' && init !== undefined) return { ...base, state, pid: init.pid };
  if (state === 'exited') return { ...base, state, ...(exit === undefined ? {} : { exit }) };
  return { ...base, state: state === 'partial' ? 'partial' : 'created' };
}
