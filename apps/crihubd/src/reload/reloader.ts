import type { Config } from '@crihub/config';
import type { ReloadOutcome, Retention, Routing } from '@crihub/hub';
import { describeError, type Logger, Semaphore } from '@crihub/kernel';
import type { HandlerFactory } from '../handler-factory.ts';
import { compareConfigs } from './compare-configs.ts';

/** Time for the backends of new handlers to start, in ms. */
const APPLY_MS = 60_000;

export interface ReloaderDeps {
  /** Reads and checks the configuration. */
  readonly read: () => Promise<Config>;
  readonly factory: HandlerFactory;
  readonly reroute: (routing: Routing, retention: Retention, signal: AbortSignal) => Promise<void>;
  readonly setLogLevel: (level: Config['logLevel']) => void;
  readonly logger: Logger;
}

export const retentionOf = ({ measurements: { keepDays, maxRows } }: Config): Retention => ({
  days: keepDays,
  rows: maxRows,
});

/** Puts a changed configuration in force as far as that can be done while pods live. */
export class Reloader {
  readonly #deps: ReloaderDeps;
  #config: Config;
  readonly #turn = new Semaphore(1);

  /** @param config what is in force now. */
  constructor(config: Config, deps: ReloaderDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  /** Reloads run one after the other. @throws what is wrong with the file; the old configuration stays in force. */
  async reload(): Promise<ReloadOutcome> {
    return await this.#turn.run(() => this.#reload());
  }

  async #reload(): Promise<ReloadOutcome> {
    const { read, factory, reroute, setLogLevel, logger } = this.#deps;
    try {
      const { config, applied, needsRestart } = compareConfigs(this.#config, await read());
      const routing = await factory.routing(config);
      await reroute(routing, retentionOf(config), AbortSignal.timeout(APPLY_MS));
      factory.keep(routing);
      setLogLevel(config.logLevel);
      this.#config = config;
      logger.info('configuration read again', { applied, needsRestart });
      return { applied, needsRestart };
    } catch (error) {
      logger.error('the new configuration is refused; the old one stays in force', {
        error: describeError(error),
      });
      throw error;
    }
  }
}
