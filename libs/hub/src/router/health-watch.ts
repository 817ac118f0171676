import type { BackendHealth } from '@crihub/contract';
import { describeError, type Logger, sleep, withDeadline } from '@crihub/kernel';
import type { Handler } from './handler.ts';
import type { Companion } from './per-backend.ts';

const POLL_MS = 10_000;
const ANSWER_MS = 5_000;

export interface HealthWatchDeps {
  readonly handler: Handler;
  readonly logger: Logger;
  readonly heard: (health: BackendHealth) => void;
}

/** Asks one backend how it is, again and again. */
export class HealthWatch implements Companion {
  readonly #deps: HealthWatchDeps;
  readonly #stop = new AbortController();
  #last: BackendHealth | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: HealthWatchDeps) {
    this.#deps = deps;
  }

  /** Resolves when it has answered once, or run out of time; then goes on asking. */
  async start(): Promise<void> {
    await this.#ask();
    this.#loop = this.#poll();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #poll(): Promise<void> {
    try {
      for (;;) {
        await sleep(POLL_MS, this.#stop.signal);
        await this.#ask();
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }

  async #ask(): Promise<void> {
    const { handler, logger, heard } = this.#deps;
    const [before, now] = [this.#last, await this.#answer(handler)];
    if (this.#stop.signal.aborted) return; // nobody listens any more: that says nothing of the backend
    this.#last = now;
    heard(now);
    if (!now.healthy && before?.healthy !== false) {
      const { reason, message } = now;
      logger.warn('backend is unhealthy', { handler: handler.name, reason, message });
    } else if (now.healthy && before?.healthy === false) {
      logger.info('backend is healthy again', { handler: handler.name, version: now.version });
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
