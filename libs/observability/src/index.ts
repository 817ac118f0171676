export type { HubGauges } from './hub-gauges.ts';
export { Metrics } from './metrics.ts';
export { PinoLogger } from './pino-logger.ts';
export type { LiveView } from './status/live-view.ts';
export { StatusServer, type StatusServerDeps, type StatusServerOptions } from './status/status-server.ts';
