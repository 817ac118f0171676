export { type HubGauges, Metrics } from './metrics.ts';
export { PinoLogger } from './pino-logger.ts';
export { StatusServer, type StatusServerDeps, type StatusServerOptions } from './status-server.ts';
