import { mkdir } from 'node:fs/promises';
import type { Clock, Logger } from '@crihub/kernel';
import type { Nri, NriOptions, PluginObserver } from '@crihub/service-nri';
import type { ProcessUsage } from '@crihub/linux';
import { EventHub } from './events/event-hub.ts';
import type { LifecycleEvent } from './events/lifecycle-event.ts';
import { hubMethods } from './front/methods/hub-methods.ts';
import type { ImageService } from './front/methods/image-service.ts';
import type { FindOrigin } from './front/server/call-origin.ts';
import type { HubHandlers } from './front/server/index.ts';
import { Directories } from './lifecycle/directories.ts';
import { Lifecycle } from './lifecycle/lifecycle.ts';
import { makePlugins } from './lifecycle/make-plugins.ts';
import { NodeState } from './lifecycle/node-state.ts';
import type { PhaseObserver } from './lifecycle/phases.ts';
import type { RootFilesystems, UserLookup } from './lifecycle/ports.ts';
import type { StepObserver } from './lifecycle/steps.ts';
import type { NamespaceDialler, StreamingUrls } from './lifecycle/streaming.ts';
import { Teardown } from './lifecycle/teardown.ts';
import type { Retention } from './measurements/measurement-store.ts';
import { Measurements } from './measurements/measurements.ts';
import { openDatabase, type OpenedDatabase } from './records/database.ts';
import type { ContainerRecord } from './records/container-record.ts';
import { originFinder } from './records/find-origin.ts';
import { imageInUse } from './records/image-in-use.ts';
import { Records } from './records/records.ts';
import { OwedWork } from './recovery/owed-work.ts';
import { type Finding, Reconciler } from './recovery/reconciler.ts';
import { Supervisor } from './recovery/supervisor.ts';
import { Handlers, type Routing } from './router/handlers.ts';
import { HealthMonitor } from './router/health-monitor.ts';
import { ImageCopies } from './router/image-copies.ts';
import { makeRouter } from './router/make-router.ts';
import type { PlacementObserver } from './router/placement-journal.ts';
import type { ReloadOutcome } from './router/reload-outcome.ts';
import { Rerouting } from './router/rerouting.ts';
import { DirectoryMeter } from './stats/directory-meter.ts';
import { GuestReadings } from './stats/guest-readings.ts';
import { Statistics, type StatisticsDeps } from './stats/statistics.ts';
import { type HubFigures, hubFigures } from './view/hub-figures.ts';
import { NodeView } from './view/node-view.ts';

export interface HubOptions {
  readonly version: string;
  readonly stateDirectory: string;
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
  /** How many measurements are kept. */
  readonly retention: Retention;
  readonly plugins: Pick<NriOptions, 'registrationTimeoutMs' | 'requestTimeoutMs'>;
}

export interface HubDeps {
  /** At first; `reroute` replaces it. */
  readonly routing: Routing;
  readonly images: ImageService;
  readonly rootfs: RootFilesystems;
  readonly users: UserLookup;
  /** Told of the pod CIDR, when the kubelet gives it and when it is known from before. */
  readonly setPodCidr: (cidr: string) => void;
  readonly cgroups: StatisticsDeps['cgroups'];
  /** The traffic of pods, by the path of their network namespace. */
  readonly interfaces: StatisticsDeps['interfaces'];
  readonly streaming: StreamingUrls;
  readonly namespaces: NamespaceDialler;
  readonly phases: PhaseObserver;
  readonly placements: PlacementObserver;
  /** What a process takes of the host. */
  readonly usageOf: (pid: number) => Promise<ProcessUsage | undefined>;
  /** Reads the configuration again, for an operator who asks. */
  readonly reload: () => Promise<ReloadOutcome>;
  readonly pluginCalls: PluginObserver;
  readonly steps: StepObserver;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The CRI for several backends: records, lifecycle, recovery and the RPCs, put together. */
export class Hub {
  /** All RPCs of the CRI's services and the operator's. Serve them once `recover` has resolved. */
  readonly methods: HubHandlers;
  readonly health: HealthMonitor;
  /** Finds whose call one is; for the server's log and measurements. */
  readonly originOf: FindOrigin;
  /** The node as people look at it. */
  readonly view: NodeView;
  /** The node's plugins; they come in by sockets. */
  readonly nri: Nri;
  readonly #records: Records;
  readonly #opened: OpenedDatabase;
  readonly #handlers: Handlers;
  readonly #events: EventHub<LifecycleEvent>;
  readonly #owed: OwedWork;
  readonly #supervisor: Supervisor;
  readonly #statistics: Statistics;
  readonly #measurements: Measurements;
  readonly #rerouting: Rerouting;
  readonly #deps: HubDeps;

  private constructor(options: HubOptions, deps: HubDeps, opened: OpenedDatabase) {
    const { logger, clock, steps, rootfs, images } = deps;
    this.#deps = deps;
    this.#opened = opened;
    this.#records = new Records(opened.database, logger);
    this.#events = new EventHub<LifecycleEvent>();
    this.#handlers = new Handlers(deps.routing);
    this.health = new HealthMonitor({ logger, adopt: (handler) => this.#supervisor.adopt(handler) });
    this.originOf = originFinder(this.#records, (name) => this.#handlers.has(name));
    this.view = new NodeView(options, {
      records: this.#records,
      handlers: this.#handlers,
      health: this.health,
      events: this.#events,
    });
    const guests = new GuestReadings({
      sandboxes: this.#records.sandboxes,
      backendOf: ({ handler }) => this.#handlers.all().find(({ name }) => name === handler)?.backend,
    });
    this.#measurements = new Measurements(options.retention, {
      ...{ ...deps, guests },
      ...{ database: opened.database, records: this.#records, handlers: this.#handlers },
      observer: deps.phases,
    });
    const { journal: phases, store, footprints } = this.#measurements;
    const routing = makeRouter({
      ...{ handlers: this.#handlers, health: this.health, settings: this.#records.settings },
      ...{ journal: phases, observer: deps.placements, logger },
    });
    const directories = new Directories(options);
    const onEnded = (record: ContainerRecord): void => plugins.containerEnded(record);
    const node = new NodeState({ records: this.#records, events: this.#events, clock, logger, onEnded });
    const { nri, plugins, applyResources } = makePlugins(options, {
      node,
      handlers: this.#handlers,
      stop: async (id, graceSeconds) => lifecycle.stopContainer.stop(id, graceSeconds, undefined),
      observer: deps.pluginCalls,
      logger,
    });
    this.nri = nri;
    const parts = {
      ...{ ...deps, ...routing, phases, store, footprints, node, directories, plugins, applyResources },
      ...{ handlers: this.#handlers, health: this.health },
    };
    const teardown = new Teardown({ ...parts, steps, rootfs });
    this.#owed = new OwedWork({ node, teardown, logger });
    this.#supervisor = new Supervisor(
      { rebuild: opened.rebuilt },
      {
        ...parts,
        reconciler: new Reconciler({ node, teardown, logger }),
        owed: this.#owed,
      },
    );
    this.#statistics = new Statistics(
      { containersDirectory: directories.containers },
      {
        ...{ ...deps, guests },
        records: this.#records,
        writableLayer: new DirectoryMeter(({ id, container, writableLayer }) =>
          container.rootfs === ''
            ? writableLayer?.directory
            : rootfs.writableLayer(directories.container(id)),
        ),
      },
    );
    this.#rerouting = new Rerouting({
      ...parts,
      records: this.#records,
      follow: () => this.#supervisor.follow(),
    });
    const imageOf = (reference: string): string | undefined => images.find(reference)?.id;
    const lifecycle = new Lifecycle({ ...parts, teardown });
    this.methods = hubMethods(options, {
      ...{ ...parts, ...lifecycle, nri, images, imageOf, events: this.#events },
      ...{ records: this.#records, settings: this.#records.settings },
      collector: this.#statistics.collector,
      metrics: this.#statistics.metrics,
      copies: new ImageCopies(parts),
      inUse: (id) => imageInUse(this.#records, id, imageOf),
      figures: () => this.figures(),
      audit: async () => await this.audit(),
    });
  }

  /** Opens the state directory. @throws FailedPrecondition if its database can't be used. */
  static async open(options: HubOptions, deps: HubDeps): Promise<Hub> {
    const { sandboxes, containers } = new Directories(options);
    await Promise.all([sandboxes, containers].map((path) => mkdir(path, { recursive: true, mode: 0o711 })));
    return new Hub(options, deps, await openDatabase(options.stateDirectory, deps.logger));
  }

  /** Starts the backends and brings records and reality together; a backend that fails delays nobody else. */
  async recover(signal: AbortSignal): Promise<void> {
    const { setPodCidr } = this.#deps;
    const podCidr = this.#records.settings.get('podCidr');
    if (podCidr !== undefined) setPodCidr(podCidr);
    await this.health.watch(this.#handlers.all(), signal);
    await this.#supervisor.recover();
    this.#statistics.start();
    this.#measurements.start();
  }

  /**
   * Puts another routing in force; a handler that stays keeps its backend object.
   * @throws FailedPrecondition if a handler would go that has pods; nothing has then changed.
   */
  async reroute(routing: Routing, retention: Retention, signal: AbortSignal): Promise<void> {
    await this.#rerouting.apply(routing, signal);
    this.#measurements.journal.retention = retention;
  }

  /** Compares records and reality now. @returns what was wrong, and was mended. */
  async audit(): Promise<readonly Finding[]> {
    return await this.#supervisor.audit();
  }

  /** What is in force. */
  get routing(): Routing {
    return this.#handlers.routing;
  }

  /** What the gauges of the metrics read. */
  figures(): HubFigures {
    return hubFigures({
      records: this.#records,
      handlers: this.#handlers.all(),
      health: this.health,
      owed: this.#owed,
      leaks: this.#supervisor.leaks,
      events: this.#events,
      nri: this.nri,
    });
  }

  /** Lets go of everything but the pods, which run on. */
  async close(): Promise<void> {
    this.nri.close();
    await Promise.all([
      this.#supervisor.close(),
      this.health.close(),
      this.#statistics.close(),
      this.#measurements.close(),
    ]);
    await Promise.all(this.#handlers.all().map(({ backend }) => backend.close()));
    this.#opened.database.close();
  }
}
