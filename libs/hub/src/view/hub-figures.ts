import type { WarmPool } from '@crihub/contract';
import type { Nri } from '@crihub/service-nri';
import type { EventHub } from '../events/event-hub.ts';
import type { LifecycleEvent } from '../events/lifecycle-event.ts';
import type { Records } from '../records/records.ts';
import type { OwedWork } from '../recovery/owed-work.ts';
import type { Handler } from '../router/handler.ts';
import type { HealthMonitor } from '../router/health-monitor.ts';

/** What the gauges of the metrics read. */
export interface HubFigures {
  readonly sandboxes: ReadonlyMap<string, number>;
  readonly containers: ReadonlyMap<string, number>;
  readonly healthy: ReadonlyMap<string, boolean>;
  /** Pods that are being created, and that wait to be. */
  readonly creations: ReadonlyMap<string, { readonly running: number; readonly waiting: number }>;
  /** Of handlers that keep sandboxes ready. */
  readonly warmPools: ReadonlyMap<string, WarmPool>;
  readonly owedWork: number;
  /** What audits found wrong and mended since the start, by kind. */
  readonly leaks: ReadonlyMap<string, number>;
  readonly eventSubscribers: number;
  readonly eventsDropped: number;
  readonly plugins: number;
}

export interface HubFiguresSource {
  readonly records: Records;
  readonly handlers: readonly Handler[];
  readonly health: Pick<HealthMonitor, 'of'>;
  readonly owed: Pick<OwedWork, 'size'>;
  readonly leaks: ReadonlyMap<string, number>;
  readonly events: Pick<EventHub<LifecycleEvent>, 'subscribers' | 'dropped'>;
  readonly nri: Pick<Nri, 'plugins'>;
}

/** Counts what there is now; handlers without pods are in it with zeros. */
export function hubFigures(source: HubFiguresSource): HubFigures {
  const { records, handlers, health, owed, leaks, events, nri } = source;
  const names = handlers.map(({ name }) => name);
  const sandboxes = new Map(names.map((name) => [name, 0]));
  const containers = new Map(names.map((name) => [name, 0]));
  for (const { id, handler } of records.sandboxes.all()) {
    sandboxes.set(handler, (sandboxes.get(handler) ?? 0) + 1);
    containers.set(handler, (containers.get(handler) ?? 0) + records.containersOf(id).length);
  }
  return {
    sandboxes,
    containers,
    healthy: new Map(names.map((name) => [name, health.of(name).healthy])),
    creations: new Map(
      handlers.map(({ name, admission: { held, waiting } }) => [name, { running: held, waiting }]),
    ),
    warmPools: new Map(
      handlers.flatMap(({ name, backend: { warmPool } }) =>
        warmPool === undefined ? [] : [[name, warmPool]],
      ),
    ),
    owedWork: owed.size,
    leaks,
    eventSubscribers: events.subscribers,
    eventsDropped: events.dropped,
    plugins: nri.plugins.length,
  };
}
