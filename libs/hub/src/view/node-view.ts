import type { EventHub } from '../events/event-hub.ts';
import type { LifecycleEvent } from '../events/lifecycle-event.ts';
import { type ContainerRecord, isVisibleContainer } from '../records/container-record.ts';
import { podIps } from '../records/network-state.ts';
import type { Records } from '../records/records.ts';
import { isVisibleSandbox, type SandboxRecord } from '../records/sandbox-record.ts';
import type { Handlers } from '../router/handlers.ts';
import type { HealthMonitor } from '../router/health-monitor.ts';

/** A handler for people. */
export interface HandlerView {
  readonly name: string;
  readonly default: boolean;
  readonly backend: string;
  readonly version: string;
  readonly healthy: boolean;
  /** What is wrong and what to do; empty if healthy. */
  readonly message: string;
  readonly creating: number;
  readonly waiting: number;
}

export interface ContainerView {
  readonly name: string;
  readonly state: 'created' | 'running' | 'exited' | 'unknown';
  readonly attempt: number;
  /** Why it ended, if it has: `Error`, `OOMKilled`. */
  readonly reason?: string;
  readonly exitCode?: number;
}

export interface PodView {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly handler: string;
  readonly state: 'creating' | 'ready' | 'notReady' | 'removing';
  /** ISO 8601 */
  readonly createdAt: string;
  readonly ips: readonly string[];
  readonly containers: readonly ContainerView[];
}

export interface ExperimentView {
  readonly name: string;
  readonly enabled: boolean;
  /** The first one is what the others are compared with. */
  readonly arms: readonly string[];
}

/** The node at one moment. Plain JSON. */
export interface NodeSnapshot {
  readonly version: string;
  readonly handlers: readonly HandlerView[];
  readonly experiments: readonly ExperimentView[];
  readonly pods: readonly PodView[];
}

export interface NodeViewDeps {
  readonly records: Records;
  readonly handlers: Handlers;
  readonly health: Pick<HealthMonitor, 'of'>;
  readonly events: EventHub<LifecycleEvent>;
}

/** The node as people look at it: pods by handler, and how the handlers are. Reads memory alone. */
export class NodeView {
  readonly #version: string;
  readonly #deps: NodeViewDeps;

  constructor(options: { readonly version: string }, deps: NodeViewDeps) {
    this.#version = options.version;
    this.#deps = deps;
  }

  snapshot(): NodeSnapshot {
    const { records } = this.#deps;
    return {
      version: this.#version,
      handlers: this.#handlers(),
      experiments: this.experiments(),
      pods: [...records.sandboxes.all()]
        .map((record) => podView(record, records.containersOf(record.id)))
        .toSorted((a, b) => a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id)),
    };
  }

  /** Those of the configuration. */
  experiments(): readonly ExperimentView[] {
    return this.#deps.handlers
      .experiments()
      .map(({ name, enabled, shares }) => ({ name, enabled, arms: Object.keys(shares) }));
  }

  /** Reasons why no pod can be started here; none if one handler can. */
  notReady(): readonly string[] {
    const { handlers, health } = this.#deps;
    const reasons = handlers.all().map(({ name, network }) => {
      const state = health.of(name);
      const connected = network.status();
      if (!state.healthy) return `handler ${name}: ${state.message} (${state.reason})`;
      return connected.ready ? undefined : `handler ${name}: ${connected.message} (${connected.reason})`;
    });
    return reasons.includes(undefined) ? [] : reasons.filter((reason) => reason !== undefined);
  }

  /** Says when pods or containers may have changed, until the signal aborts. */
  async *changes(signal: AbortSignal): AsyncGenerator<void> {
    for await (const _event of this.#deps.events.subscribe(signal)) yield;
  }

  #handlers(): readonly HandlerView[] {
    const { handlers, health } = this.#deps;
    return handlers.all().map(({ name, backend, admission }) => {
      const state = health.of(name);
      return {
        name,
        default: name === handlers.defaultName,
        backend: backend.kind,
        version: state.version ?? '',
        healthy: state.healthy,
        message: state.healthy ? '' : state.message,
        creating: admission.held,
        waiting: admission.waiting,
      };
    });
  }
}

function podView(record: SandboxRecord, containers: readonly ContainerRecord[]): PodView {
  const { namespace, name } = record.sandbox.metadata;
  return {
    id: record.id,
    namespace,
    name,
    handler: record.handler,
    state: record.phase,
    createdAt: new Date(Number(record.createdAt / 1_000_000n)).toISOString(),
    ips: podIps(record.network),
    containers: isVisibleSandbox(record) ? containers.filter(isVisibleContainer).map(containerView) : [],
  };
}

function containerView({ container, phase, end }: ContainerRecord): ContainerView {
  const { name, attempt } = container.metadata;
  return {
    name,
    attempt,
    state: phase === 'creating' || phase === 'removing' ? 'unknown' : phase,
    ...(end === undefined ? {} : { reason: end.reason, exitCode: end.exitCode }),
  };
}
