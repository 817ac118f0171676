import type { BackendHealth, Capabilities } from '@crihub/contract';
import { type Logger, RuntimeError } from '@crihub/kernel';
import type { Handler } from './handler.ts';
import { HealthWatch } from './health-watch.ts';
import { PerBackend } from './per-backend.ts';

/** Asks each backend how it is, side by side and in the background; answers come from memory. */
export class HealthMonitor {
  readonly #health = new Map<string, BackendHealth>();
  readonly #watches: PerBackend<HealthWatch>;

  constructor({ logger }: { readonly logger: Logger }) {
    this.#watches = new PerBackend(
      (handler) =>
        new HealthWatch({ handler, logger, heard: (health) => this.#health.set(handler.name, health) }),
    );
  }

  /** Watches these from now on, and no others. Resolves when each new one has answered or run out of time. */
  async watch(handlers: readonly Handler[]): Promise<void> {
    const fresh = await this.#watches.set(handlers);
    for (const name of this.#health.keys())
      if (!handlers.some((handler) => handler.name === name)) this.#health.delete(name);
    await Promise.all(fresh.map((watch) => watch.start()));
  }

  async close(): Promise<void> {
    await this.#watches.close();
  }

  of(handler: string): BackendHealth {
    return this.#health.get(handler) ?? { healthy: false, reason: 'Unknown', message: 'not asked yet' };
  }

  /** What the handler can do. @throws Unavailable while its backend is unhealthy. */
  capabilitiesOf(handler: string): Capabilities {
    const health = this.of(handler);
    if (health.healthy) return health.capabilities;
    throw new RuntimeError('Unavailable', `handler '${handler}' takes no pods now: ${health.message}`, {
      operation: 'admit',
    });
  }
}
