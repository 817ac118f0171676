import { mkdir } from 'node:fs/promises';
import { type Clock, describeError, type Logger, withDeadline } from '@crihub/kernel';
import { EventHub } from './events/event-hub.ts';
import type { LifecycleEvent } from './events/lifecycle-event.ts';
import { adminMethods } from './front/methods/admin.ts';
import { checkpointMethods } from './front/methods/checkpoint.ts';
import { containerMethods } from './front/methods/containers.ts';
import type { ImageService } from './front/methods/image-service.ts';
import { imageMethods } from './front/methods/images.ts';
import { runtimeMethods } from './front/methods/runtime.ts';
import { sandboxMethods } from './front/methods/sandboxes.ts';
import { statsMethods } from './front/methods/stats.ts';
import { streamingMethods } from './front/methods/streaming.ts';
import type { FindOrigin } from './front/server/call-origin.ts';
import type { HubHandlers } from './front/server/index.ts';
import { Directories } from './lifecycle/directories.ts';
import { Lifecycle } from './lifecycle/lifecycle.ts';
import { NodeState } from './lifecycle/node-state.ts';
import type { PhaseObserver } from './lifecycle/phases.ts';
import type { RootFilesystems, UserLookup } from './lifecycle/ports.ts';
import type { StepObserver } from './lifecycle/steps.ts';
import type { NamespaceDialler, StreamingUrls } from './lifecycle/streaming.ts';
import { Teardown } from './lifecycle/teardown.ts';
import { openDatabase, type OpenedDatabase } from './records/database.ts';
import { originFinder } from './records/find-origin.ts';
import { Records } from './records/records.ts';
import { OwedWork } from './recovery/owed-work.ts';
import { type Finding, Reconciler } from './recovery/reconciler.ts';
import { Supervisor } from './recovery/supervisor.ts';
import type { Handler } from './router/handler.ts';
import { Handlers } from './router/handlers.ts';
import { HealthMonitor } from './router/health-monitor.ts';
import { ImageCopies } from './router/image-copies.ts';
import { DirectoryMeter } from './stats/directory-meter.ts';
import { NodeView } from './view/node-view.ts';
import { Statistics, type StatisticsDeps } from './stats/statistics.ts';

/** A backend that takes longer to start is left to reconnect by itself; the others do not wait for it. */
const BACKEND_START_MS = 15_000;

export interface HubOptions {
  readonly version: string;
  readonly stateDirectory: string;
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
  readonly defaultHandler: string;
}

export interface HubDeps {
  readonly handlers: readonly Handler[];
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
  readonly steps: StepObserver;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What the gauges of the metrics read. */
export interface HubFigures {
  readonly sandboxes: ReadonlyMap<string, number>;
  readonly containers: ReadonlyMap<string, number>;
  readonly healthy: ReadonlyMap<string, boolean>;
  /** Pods that are being created, and that wait to be. */
  readonly creations: ReadonlyMap<string, { readonly running: number; readonly waiting: number }>;
  readonly owedWork: number;
  /** What audits found wrong and mended since the start, by kind. */
  readonly leaks: ReadonlyMap<string, number>;
  readonly eventSubscribers: number;
  readonly eventsDropped: number;
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
  readonly #records: Records;
  readonly #opened: OpenedDatabase;
  readonly #handlers: Handlers;
  readonly #events: EventHub<LifecycleEvent>;
  readonly #owed: OwedWork;
  readonly #supervisor: Supervisor;
  readonly #statistics: Statistics;
  readonly #deps: HubDeps;

  private constructor(options: HubOptions, deps: HubDeps, opened: OpenedDatabase) {
    const { logger, clock, phases, steps, rootfs, images } = deps;
    this.#deps = deps;
    this.#opened = opened;
    this.#records = new Records(opened.database, logger);
    this.#events = new EventHub<LifecycleEvent>();
    this.#handlers = new Handlers(options, deps);
    this.health = new HealthMonitor(deps);
    this.originOf = originFinder(this.#records, (name) => this.#handlers.has(name));
    this.view = new NodeView(options, {
      records: this.#records,
      handlers: this.#handlers,
      health: this.health,
      events: this.#events,
    });
    const directories = new Directories(options);
    const node = new NodeState({ records: this.#records, events: this.#events, clock, logger });
    const parts = { ...deps, node, directories, handlers: this.#handlers, health: this.health };
    const teardown = new Teardown({ ...parts, phases, steps, rootfs });
    this.#owed = new OwedWork({ node, teardown, logger });
    this.#supervisor = new Supervisor({
      ...parts,
      handlers: deps.handlers,
      reconciler: new Reconciler({ node, teardown, logger }),
      owed: this.#owed,
    });
    this.#statistics = new Statistics(
      { containersDirectory: directories.containers },
      {
        ...deps,
        records: this.#records,
        writableLayer: new DirectoryMeter(({ id, container }) =>
          container.rootfs === '' ? undefined : rootfs.writableLayer(directories.container(id)),
        ),
      },
    );
    const imageOf = (reference: string): string | undefined => images.find(reference)?.id;
    const lifecycle = new Lifecycle({ ...parts, teardown });
    const shared = { ...parts, ...lifecycle, records: this.#records, imageOf };
    this.methods = {
      runtime: {
        ...runtimeMethods(options, { ...shared, events: this.#events, settings: this.#records.settings }),
        ...sandboxMethods(shared),
        ...containerMethods(shared),
        ...streamingMethods(shared),
        ...statsMethods({
          ...shared,
          collector: this.#statistics.collector,
          metrics: this.#statistics.metrics,
        }),
        ...checkpointMethods,
      },
      image: imageMethods({
        images,
        clock,
        copies: new ImageCopies(deps),
        inUse: (id) => imageInUse(this.#records, id, imageOf),
      }),
      admin: adminMethods({
        ...shared,
        images,
        figures: () => this.figures(),
        audit: async () => await this.audit(),
      }),
    };
  }

  /** Opens the state directory. @throws FailedPrecondition if its database can't be used. */
  static async open(options: HubOptions, deps: HubDeps): Promise<Hub> {
    const { sandboxes, containers } = new Directories(options);
    await Promise.all([sandboxes, containers].map((path) => mkdir(path, { recursive: true, mode: 0o711 })));
    return new Hub(options, deps, await openDatabase(options.stateDirectory, deps.logger));
  }

  /** Starts the backends and brings records and reality together; a backend that fails delays nobody else. */
  async recover(signal: AbortSignal): Promise<void> {
    const { handlers, logger, setPodCidr } = this.#deps;
    const podCidr = this.#records.settings.get('podCidr');
    if (podCidr !== undefined) setPodCidr(podCidr);
    await Promise.all(
      handlers.map(async ({ name, backend }) => {
        try {
          await withDeadline(`start of backend ${name}`, BACKEND_START_MS, signal, (deadline) =>
            backend.start(deadline),
          );
        } catch (error) {
          logger.error('a backend could not start; its handler takes no pods', {
            handler: name,
            error: describeError(error),
          });
        }
      }),
    );
    await Promise.all([this.health.start(), this.#supervisor.recover({ rebuild: this.#opened.rebuilt })]);
    this.#statistics.start();
  }

  /** Compares records and reality now. @returns what was wrong, and was mended. */
  async audit(): Promise<readonly Finding[]> {
    return await this.#supervisor.audit();
  }

  figures(): HubFigures {
    const handlers = this.#handlers.all();
    const names = handlers.map(({ name }) => name);
    const sandboxes = new Map(names.map((name) => [name, 0]));
    const containers = new Map(names.map((name) => [name, 0]));
    for (const { id, handler } of this.#records.sandboxes.all()) {
      sandboxes.set(handler, (sandboxes.get(handler) ?? 0) + 1);
      containers.set(handler, (containers.get(handler) ?? 0) + this.#records.containersOf(id).length);
    }
    return {
      sandboxes,
      containers,
      healthy: new Map(names.map((name) => [name, this.health.of(name).healthy])),
      creations: new Map(
        handlers.map(({ name, admission: { held, waiting } }) => [name, { running: held, waiting }]),
      ),
      owedWork: this.#owed.size,
      leaks: this.#supervisor.leaks,
      eventSubscribers: this.#events.subscribers,
      eventsDropped: this.#events.dropped,
    };
  }

  /** Lets go of everything but the pods, which run on. */
  async close(): Promise<void> {
    await Promise.all([this.#supervisor.close(), this.health.close(), this.#statistics.close()]);
    await Promise.all(this.#deps.handlers.map(({ backend }) => backend.close()));
    this.#opened.database.close();
  }
}

function imageInUse(
  records: Records,
  imageId: string,
  imageOf: (reference: string) => string | undefined,
): boolean {
  return records.containers
    .all()
    .some(
      ({ container, mounts }) =>
        container.imageId === imageId ||
        mounts.some((mount) => 'image' in mount && imageOf(mount.image) === imageId),
    );
}
