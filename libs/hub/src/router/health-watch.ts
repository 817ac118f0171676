import type { BackendHealth } from '@crihub/contract';
import { describeError, type Logger, sleep, withDeadline } from '@crihub/kernel';
import type { Handler } from './handler.ts';
import type { Companion } from './per-backend.ts';

const START_MS = 15_000;
/** Pause after a failed start; it doubles up to the time between two questions. */
const FIRST_RETRY_MS = 1_000;
const POLL_MS = 10_000;
const ANSWER_MS = 5_000;

export interface HealthWatchDeps {
  readonly handler: Handler;
  readonly logger: Logger;
  readonly heard: (health: BackendHealth) => void;
  /** Takes over what a backend holds that started late, before it takes pods. */
  readonly adopt: (handler: Handler) => Promise<void>;
}

/**
 * Starts one backend, and asks it how it is, again and again. Until it has started it is unhealthy whatever
 * it says, since it may not see its containers end.
 */
export class HealthWatch implements Companion {
  readonly #deps: HealthWatchDeps;
  readonly #stop = new AbortController();
  #started = false;
  #last: BackendHealth | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: HealthWatchDeps) {
    this.#deps = deps;
  }

  get started(): boolean {
    return this.#started;
  }

  /** Resolves when it was started and has answered, or has run out of time; then goes on trying and asking. */
  async start(signal: AbortSignal): Promise<void> {
    this.#hear((await this.#tryStart(signal)) ?? (await this.#answer()));
    this.#loop = this.#poll();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #poll(): Promise<void> {
    const { signal } = this.#stop;
    try {
      for (let retry = FIRST_RETRY_MS; !this.#started; retry = Math.min(retry * 2, POLL_MS)) {
        await sleep(retry, signal);
        this.#hear((await this.#startLate(signal)) ?? (await this.#answer()));
      }
      for (;;) {
        await sleep(POLL_MS, signal);
        this.#hear(await this.#answer());
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** @returns why it did not start, if it did not. */
  async #tryStart(signal: AbortSignal): Promise<BackendHealth | undefined> {
    const { name, backend } = this.#deps.handler;
    try {
      await withDeadline(`start of backend ${name}`, START_MS, signal, (deadline) => backend.start(deadline));
      this.#started = true;
      return undefined;
    } catch (error) {
      return { healthy: false, reason: 'NotStarted', message: `it could not start: ${describeError(error)}` };
    }
  }

  async #startLate(signal: AbortSignal): Promise<BackendHealth | undefined> {
    const failure = await this.#tryStart(signal);
    if (failure === undefined) await this.#deps.adopt(this.#deps.handler);
    return failure;
  }

  #hear(now: BackendHealth): void {
    const { handler, logger, heard } = this.#deps;
    if (this.#stop.signal.aborted) return; // nobody listens any more: that says nothing of the backend
    const before = this.#last;
    this.#last = now;
    heard(now);
    if (!now.healthy && before?.healthy !== false) {
      const { reason, message } = now;
      logger.warn('backend is unhealthy', { handler: handler.name, reason, message });
    } else if (now.healthy && before?.healthy === false) {
      logger.info('backend is healthy again', { handler: handler.name, version: now.version });
    }
  }

  async #answer(): Promise<BackendHealth> {
    const { name, backend } = this.#deps.handler;
    try {
      return await withDeadline(`health of ${name}`, ANSWER_MS, this.#stop.signal, (signal) =>
        backend.health(signal),
      );
    } catch (error) {
      return { healthy: false, reason: 'NoAnswer', message: describeError(error) };
    }
  }
}
