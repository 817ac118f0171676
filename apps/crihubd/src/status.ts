import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '@crihub/config';
import type { WarmPool } from '@crihub/contract';
import type { Hub } from '@crihub/hub';
import { type HubGauges, StatusServer } from '@crihub/observability';
import type { StreamingServer } from '@crihub/service-streaming';
import type { DependencyContainer } from 'tsyringe';
import { ReportPages } from './report/report-pages.ts';
import * as tokens from './tokens.ts';
import { VERSION } from './version.ts';

interface StatusSources {
  readonly hub: Hub;
  readonly streaming: StreamingServer;
}

/** Serves metrics, probes and the page for people, if the configuration wants them. */
export async function serveStatus(
  { hub, streaming }: StatusSources,
  container: DependencyContainer,
  config: Config,
  owned: AsyncDisposableStack,
): Promise<void> {
  const metrics = container.resolve(tokens.METRICS);
  metrics.addGauges(gaugesOf({ hub, streaming }, container, config));
  const { address } = config.metrics;
  if (address === 'off') return;
  const reports = new ReportPages(
    { database: join(config.stateDirectory, 'crihub.db') },
    { experiments: () => hub.view.experiments() },
  );
  const server = new StatusServer(
    { address },
    {
      metrics,
      notReady: () => hub.view.notReady(),
      view: hub.view,
      report: async (experiment) => await reports.page(experiment),
      logger: container.resolve(tokens.LOGGER),
    },
  );
  await server.listen();
  owned.defer(async () => await server.close());
}

function gaugesOf(
  { hub, streaming }: StatusSources,
  container: DependencyContainer,
  { stateDirectory }: Config,
): HubGauges {
  const images = container.resolve(tokens.IMAGES);
  const creations = (which: 'running' | 'waiting') => (): ReadonlyMap<string, number> =>
    new Map([...hub.figures().creations].map(([name, counts]) => [name, counts[which]]));
  const warmPool = (which: keyof WarmPool) => (): ReadonlyMap<string, number> =>
    new Map([...hub.figures().warmPools].map(([name, pool]) => [name, pool[which]]));
  return {
    version: VERSION,
    sandboxes: () => hub.figures().sandboxes,
    containers: () => hub.figures().containers,
    handlerHealthy: () => hub.figures().healthy,
    creationsRunning: creations('running'),
    creationsWaiting: creations('waiting'),
    warmPoolReady: warmPool('ready'),
    warmPoolWanted: warmPool('wanted'),
    warmPoolHits: warmPool('hits'),
    warmPoolMisses: warmPool('misses'),
    owedWork: () => hub.figures().owedWork,
    leaks: () => hub.figures().leaks,
    eventSubscribers: () => hub.figures().eventSubscribers,
    eventsDropped: () => hub.figures().eventsDropped,
    plugins: () => hub.figures().plugins,
    streamingTokens: () => streaming.figures.tokens,
    images: () => images.list().length,
    imageStoreBytes: async () => (await images.usage()).usedBytes,
    databaseBytes: async () => (await stat(join(stateDirectory, 'crihub.db'))).size,
  };
}
