import type { BackendHealth, Capabilities } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';
import type { Handler } from './handler.ts';
import { HealthWatch, type HealthWatchDeps } from './health-watch.ts';
import { PerBackend } from './per-backend.ts';

/** Starts the backends, and asks each how it is, side by side and in the background; answers come from memory. */
export class HealthMonitor {
  readonly #health = new Map<string, BackendHealth>();
  readonly #watches: PerBackend<HealthWatch>;

  constructor(deps: Pick<HealthWatchDeps, 'logger' | 'adopt'>) {
    this.#watches = new PerBackend(
      (handler) =>
        new HealthWatch({ ...deps, handler, heard: (health) => this.#health.set(handler.name, health) }),
    );
  }

  /**
   * Starts the backends of these that it does not know yet, and watches these and no others. Resolves when
   * each new one was started and has answered, or has run out of time.
   */
  async watch(handlers: readonly Handler[], signal: AbortSignal): Promise<void> {
    const fresh = await this.#watches.set(handlers);
    for (const name of this.#health.keys())
      if (!handlers.some((handler) => handler.name === name)) this.#health.delete(name);
    await Promise.all(fresh.map((watch) => watch.start(signal)));
  }

  async close(): Promise<void> {
    await this.#watches.close();
  }

  /** Whether what the backend says of its pods can be believed: it has taken over what it had before. */
  hasStarted({ backend }: Handler): boolean {
    return this.#watches.of(backend)?.started ?? false;
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
