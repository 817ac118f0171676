import { Counter, Gauge, type Registry } from 'prom-client';

/** Numbers of the hub that are read when Prometheus asks. Maps are by handler where nothing else is said. */
export interface HubGauges {
  readonly version: string;
  readonly sandboxes: () => ReadonlyMap<string, number>;
  readonly containers: () => ReadonlyMap<string, number>;
  readonly handlerHealthy: () => ReadonlyMap<string, boolean>;
  readonly creationsRunning: () => ReadonlyMap<string, number>;
  readonly creationsWaiting: () => ReadonlyMap<string, number>;
  readonly warmPoolReady: () => ReadonlyMap<string, number>;
  readonly warmPoolWanted: () => ReadonlyMap<string, number>;
  /** Only ever grows. */
  readonly warmPoolHits: () => ReadonlyMap<string, number>;
  /** Only ever grows. */
  readonly warmPoolMisses: () => ReadonlyMap<string, number>;
  readonly owedWork: () => number;
  /** By kind; only ever grows. */
  readonly leaks: () => ReadonlyMap<string, number>;
  readonly eventSubscribers: () => number;
  /** Only ever grows. */
  readonly eventsDropped: () => number;
  readonly streamingTokens: () => number;
  readonly plugins: () => number;
  readonly images: () => number;
  readonly imageStoreBytes: () => Promise<number>;
  readonly databaseBytes: () => Promise<number>;
}

type Values = number | ReadonlyMap<string, number>;

/** Registers them all. */
export function addHubGauges(registry: Registry, gauges: HubGauges): void {
  const gauge = gaugesOf(registry);
  const { handlerHealthy: healthy, version } = gauges;
  gauge('crihub_build_info', 'Always 1; the version is its label', () => new Map([[version, 1]]), 'version');
  gauge('crihub_sandboxes', 'Pods by handler', gauges.sandboxes, 'handler');
  gauge('crihub_containers', 'Containers by handler', gauges.containers, 'handler');
  gauge(
    'crihub_handler_healthy',
    'Whether the backend of a handler is healthy (1) or not (0)',
    () => new Map([...healthy()].map(([name, ok]) => [name, Number(ok)])),
    'handler',
  );
  gauge(
    'crihub_sandbox_creations_running',
    'Pods that are being created, by handler',
    gauges.creationsRunning,
    'handler',
  );
  gauge(
    'crihub_sandbox_creations_waiting',
    "Pods that wait for a place among their handler's creations",
    gauges.creationsWaiting,
    'handler',
  );
  gauge(
    'crihub_warm_pool_ready',
    'Sandboxes kept ready for pods to come, by handler',
    gauges.warmPoolReady,
    'handler',
  );
  gauge(
    'crihub_warm_pool_wanted',
    'Sandboxes that are to be kept ready, by handler',
    gauges.warmPoolWanted,
    'handler',
  );
  gauge('crihub_owed_work', 'Pods and containers that still have to be removed', gauges.owedWork);
  gauge('crihub_event_subscribers', 'Clients that follow container events', gauges.eventSubscribers);
  gauge(
    'crihub_streaming_tokens',
    'URLs of exec, attach and port-forward that wait for their client',
    gauges.streamingTokens,
  );
  gauge('crihub_nri_plugins', 'NRI plugins that take part', gauges.plugins);
  gauge('crihub_images', 'Images in the store', gauges.images);
  gauge('crihub_image_store_bytes', 'Size of the image store on disk', gauges.imageStoreBytes);
  gauge('crihub_database_bytes', 'Size of the state database on disk', gauges.databaseBytes);
  const counter = countersOf(registry);
  counter(
    'crihub_leaks_found_total',
    'Differences between records and reality that an audit found and mended, by kind',
    gauges.leaks,
    'kind',
  );
  counter(
    'crihub_warm_pool_hits_total',
    'Pods that got a sandbox that was ready',
    gauges.warmPoolHits,
    'handler',
  );
  counter(
    'crihub_warm_pool_misses_total',
    'Pods of a handler with a warm pool for which there was none ready',
    gauges.warmPoolMisses,
    'handler',
  );
  counter('crihub_events_dropped_total', 'Events that slow clients missed', gauges.eventsDropped);
}

type Register = (
  name: string,
  help: string,
  read: () => Values | Promise<Values>,
  label?: 'handler' | 'kind' | 'version',
) => void;

const gaugesOf =
  (registry: Registry): Register =>
  (name, help, read, label) => {
    new Gauge({
      name,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [registry],
      async collect() {
        const values = await read();
        this.reset();
        if (typeof values === 'number') this.set(values);
        else for (const [key, value] of values) this.set({ [label ?? '']: key }, value);
      },
    });
  };

const countersOf =
  (registry: Registry): Register =>
  (name, help, read, label) => {
    new Counter({
      name,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [registry],
      async collect() {
        const values = await read();
        this.reset();
        if (typeof values === 'number') this.inc(values);
        else for (const [key, value] of values) this.inc({ [label ?? '']: key }, value);
      },
    });
  };
