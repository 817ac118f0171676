import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Config } from '@crihub/config';
import { CriServer, Hub, type ReloadOutcome } from '@crihub/hub';
import { type Logger, systemClock } from '@crihub/kernel';
import { Cgroups, probeHost, readProcessUsage, SocketClaim } from '@crihub/linux';
import { resolveUser } from '@crihub/service-oci';
import type { DependencyContainer } from 'tsyringe';
import { compose, makeHandlerFactory } from './compose.ts';
import { pluginTimeouts, servePlugins } from './plugins.ts';
import { stepObserver } from './crash-at-step.ts';
import { Reloader, retentionOf } from './reload/reloader.ts';
import { serveStatus } from './status.ts';
import { makeStreaming } from './streaming.ts';
import * as tokens from './tokens.ts';
import { VERSION } from './version.ts';

/** Where the configuration is from. */
export interface ConfigSource {
  readonly config: Config;
  /** Reads and checks it anew. */
  readonly read: () => Promise<Config>;
}

/** A logger whose level can change, for itself and all its children. */
export interface LevelledLogger extends Logger {
  setLevel(level: Config['logLevel']): void;
}

/** The running daemon: made in one order, and let go of in the reverse one. */
export class Daemon {
  readonly #config: Config;
  readonly #logger: Logger;
  readonly #server: CriServer;
  readonly #reloader: Reloader;
  readonly #owned: AsyncDisposableStack;

  private constructor(
    config: Config,
    logger: Logger,
    server: CriServer,
    reloader: Reloader,
    owned: AsyncDisposableStack,
  ) {
    this.#config = config;
    this.#logger = logger;
    this.#server = server;
    this.#reloader = reloader;
    this.#owned = owned;
  }

  /**
   * Starts everything and serves. Pods of an earlier daemon are found and adopted first.
   * @throws RuntimeError with what to do; whatever had been started is then stopped again.
   */
  static async start(
    { config, read }: ConfigSource,
    logger: LevelledLogger,
    signal: AbortSignal,
  ): Promise<Daemon> {
    await using owned = new AsyncDisposableStack();
    await Promise.all(
      [config.stateDirectory, config.runDirectory, dirname(config.socket)].map((path) =>
        mkdir(path, { recursive: true, mode: 0o711 }),
      ),
    );
    // Before anything is touched: a second daemon would adopt the pods of the first.
    const claim = await SocketClaim.acquire(config.socket);
    owned.defer(async () => await claim.release());
    await traceIfAsked(config, logger, owned);
    const container = compose(config, logger);
    await startNode(container, config, owned);
    const { hub, reloader } = await startHub(container, { config, read }, logger, owned, signal);
    const { calls } = container.resolve(tokens.METRICS);
    const server = new CriServer(
      { socketPath: config.socket, socketMode: Number.parseInt(config.socketMode, 8) },
      { handlers: hub.methods, logger, observer: calls, originOf: hub.originOf, claim },
    );
    await server.listen();
    logger.info('serving', {
      socket: config.socket,
      version: VERSION,
      handlers: Object.keys(config.handlers),
    });
    return new Daemon(config, logger, server, reloader, owned.move());
  }

  /** Reads the configuration again. @throws what is wrong with it; the old one then stays in force. */
  async reload(): Promise<ReloadOutcome> {
    return await this.#reloader.reload();
  }

  /** Lets running calls end, within the configured time, then lets go of all but the pods. */
  async stop(): Promise<void> {
    this.#logger.info('stopping; pods run on');
    await this.#server.drain(this.#config.drainSeconds * 1000);
    await this.#owned.disposeAsync();
  }

  /** Cuts running calls off; a `stop` that is under way then ends soon. */
  async force(): Promise<void> {
    await this.#server.forceClose();
  }
}

/** What the hub stands on: the host's facts, the images, the network. */
async function startNode(
  container: DependencyContainer,
  config: Config,
  owned: AsyncDisposableStack,
): Promise<void> {
  const worker = container.resolve(tokens.NAMESPACE_WORKER);
  owned.defer(async () => await worker.close());
  const store = container.resolve(tokens.IMAGE_STORE);
  const network = container.resolve(tokens.POD_NETWORK);
  owned.defer(async () => await store.close());
  owned.defer(async () => await network.close());
  const [host, cgroups] = await Promise.all([
    probeHost(config.stateDirectory, {
      mounts: container.resolve(tokens.MOUNTS),
      namespaces: container.resolve(tokens.NAMESPACES),
    }),
    Cgroups.detect(),
    store.open(),
    network.start(),
  ]);
  container.register(tokens.HOST, { useValue: host });
  container.register(tokens.CGROUPS, { useValue: cgroups });
  container.register(tokens.HANDLER_FACTORY, { useValue: makeHandlerFactory(container) });
}

async function startHub(
  container: DependencyContainer,
  { config, read }: ConfigSource,
  levels: LevelledLogger,
  owned: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<{ readonly hub: Hub; readonly reloader: Reloader }> {
  const logger = container.resolve(tokens.LOGGER);
  const metrics = container.resolve(tokens.METRICS);
  const network = container.resolve(tokens.POD_NETWORK);
  const namespaces = container.resolve(tokens.NAMESPACES);
  const streaming = await makeStreaming(config, metrics, logger);
  const { stateDirectory, cgroupDriver } = config;
  const factory = container.resolve(tokens.HANDLER_FACTORY);
  const routing = await factory.routing(config);
  factory.keep(routing);
  const reloader: Reloader = new Reloader(config, {
    ...{ read, factory, logger },
    setLogLevel: (level) => levels.setLevel(level),
    reroute: (next, retention, deadline) => hub.reroute(next, retention, deadline),
  });
  const hub = await Hub.open(
    {
      version: VERSION,
      stateDirectory,
      cgroupDriver,
      retention: retentionOf(config),
      plugins: pluginTimeouts(config),
    },
    {
      routing,
      images: container.resolve(tokens.IMAGES),
      rootfs: container.resolve(tokens.ROOT_FILESYSTEMS),
      users: {
        resolve: async (rootfs, request, imageUser) =>
          (await resolveUser(rootfs, { ...request, imageUser })).user,
      },
      setPodCidr: (cidr) => network.setPodCidr(cidr),
      cgroups: container.resolve(tokens.CGROUPS),
      interfaces: { read: (path, reading) => namespaces.readInterfaceStatistics(path, reading) },
      streaming,
      namespaces,
      phases: metrics.phases,
      placements: metrics.placements,
      usageOf: readProcessUsage,
      reload: () => reloader.reload(),
      pluginCalls: metrics.plugins,
      steps: stepObserver(process.env),
      clock: systemClock,
      logger,
    },
  );
  owned.defer(async () => await hub.close());
  await streaming.listen();
  owned.defer(async () => await streaming.close());
  await hub.recover(signal);
  await servePlugins(hub, config, logger, owned);
  await serveStatus({ hub, streaming }, container, config, owned);
  return { hub, reloader };
}

/** Loads the tracing SDK if the configuration wants traces; else nothing of it. */
async function traceIfAsked(config: Config, logger: Logger, owned: AsyncDisposableStack): Promise<void> {
  const { endpoint } = config.traces;
  if (endpoint === undefined) return;
  const { startTracing } = await import('./start-tracing.ts');
  const tracing = startTracing(endpoint, config, logger);
  owned.defer(async () => await tracing.close());
}
