import type { HubGauges } from '../hub-gauges.ts';

/** The figures of a node with one pod, for tests. */
export const STILL_GAUGES: HubGauges = {
  version: '1.2.3',
  sandboxes: () => new Map([['runc', 3]]),
  containers: () => new Map(),
  handlerHealthy: () => new Map([['runc', true]]),
  creationsRunning: () => new Map(),
  creationsWaiting: () => new Map([['runc', 2]]),
  warmPoolReady: () => new Map([['kata', 1]]),
  warmPoolWanted: () => new Map([['kata', 2]]),
  warmPoolHits: () => new Map([['kata', 7]]),
  warmPoolMisses: () => new Map([['kata', 3]]),
  owedWork: () => 0,
  leaks: () => new Map([['orphanSandbox', 4]]),
  eventSubscribers: () => 1,
  eventsDropped: () => 5,
  plugins: () => 0,
  streamingTokens: () => 0,
  images: () => 1,
  imageStoreBytes: async () => 77,
  databaseBytes: async () => 88,
};
