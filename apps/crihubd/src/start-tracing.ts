import type { Config } from '@crihub/config';
import type { Logger } from '@crihub/kernel';
import { Tracing } from '@crihub/observability/traces';
import { VERSION } from './version.ts';

/** Importing this loads the tracing SDK: only for a daemon that traces. */
export function startTracing(endpoint: string, { traces }: Config, logger: Logger): Tracing {
  return new Tracing({ endpoint, sampleRatio: traces.sampleRatio, version: VERSION }, { logger });
}
