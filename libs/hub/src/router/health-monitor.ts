import type { BackendHealth, Capabilities } from '@crihub/contract';
import { describeError, type Logger, RuntimeError, sleep, withDeadline } from '@crihub/kernel';
import type { Handler } from './handler.ts';

const POLL_MS = 10_000;
const ANSWER_MS = 5_000;

/** Asks each backend how it is, side by side and in the background; answers come from memory. */
export class HealthMonitor {
  readonly #handlers: readonly Handler[];
  readonly #logger: Logger;
  readonly #health = new Map<string, BackendHealth>();
  readonly #stop = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();

  constructor(deps: { readonly handlers: readonly Handler[]; readonly logger: Logger }) {
    this.#handlers = deps.handlers;
    this.#logger = deps.logger;
  }

  /** Asks all once, then goes on asking. Resolves when each has answered or run out of time. */
  async start(): Promise<void> {
    await Promise.all(this.#handlers.map((handler) => this.#ask(handler)));
    this.#loops = Promise.all(this.#handlers.map((handler) => this.#poll(handler)));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loops;
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

  async #poll(handler: Handler): Promise<void> {
    try {
      for (;;) {
        await sleep(POLL_MS, this.#stop.signal);
        await this.#ask(handler);
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }

  async #ask(handler: Handler): Promise<void> {
    const before = this.#health.get(handler.name);
    const now = await this.#answer(handler);
    if (this.#stop.signal.aborted) return; // the daemon stops: that says nothing of the backend
    this.#health.set(handler.name, now);
    if (!now.healthy && before?.healthy !== false) {
      this.#logger.warn('backend is unhealthy', {
        handler: handler.name,
        reason: now.reason,
        message: now.message,
      });
    } else if (now.healthy && before?.healthy === false) {
      this.#logger.info('backend is healthy again', { handler: handler.name, version: now.version });
    }
  }

  async #answer({ name, backend }: Handler): Promise<BackendHealth> {
    try {
      return await withDeadline(`health of ${name}`, ANSWER_MS, this.#stop.signal, (signal) =>
        backend.health(signal),
      );
    } catch (error) {
      return { healthy: false, reason: 'NoAnswer', message: describeError(error) };
    }
  }
}
