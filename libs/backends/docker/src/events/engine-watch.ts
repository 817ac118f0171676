import { describeError, type Logger, sleep } from '@crihub/kernel';
import type { EngineEvent } from '@crihub/transport/docker-engine';
import type { EngineLink } from '../engine-link.ts';

export interface EngineWatchOptions {
  /** Of the containers whose events are wanted. */
  readonly label: string;
}

export interface EngineWatchDependencies {
  readonly link: EngineLink;
  readonly logger: Logger;
  /** The engine answers, and listens: what has happened before is to be looked up. */
  readonly connected: (signal: AbortSignal) => Promise<void>;
  readonly happened: (event: EngineEvent) => void;
}

const ACTIONS = ['die', 'oom', 'exec_die', 'destroy'] as const;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 3_000;
/** The engine's times come as numbers that are not exact to the last digits. */
const OVERLAP_NS = 1_000_000;

/** One connection for the engine's events, made again whenever it breaks. */
export class EngineWatch {
  readonly #options: EngineWatchOptions;
  readonly #dependencies: EngineWatchDependencies;
  readonly #end = new AbortController();
  #running: Promise<void> | undefined;
  #connection: AbortController | undefined;
  /** Time of the last event, nanoseconds since 1970. */
  #last: number | undefined;

  constructor(options: EngineWatchOptions, dependencies: EngineWatchDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** Resolves when the first attempt has succeeded or failed. */
  async start(): Promise<void> {
    const { promise: attempted, resolve } = Promise.withResolvers<void>();
    this.#running = this.#run(resolve);
    await attempted;
  }

  /** Breaks the connection, as an engine does that goes away. */
  interrupt(): void {
    this.#connection?.abort(new Error('the connection was interrupted'));
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#running;
  }

  async #run(attempted: () => void): Promise<void> {
    const { signal } = this.#end;
    let retryMs = FIRST_RETRY_MS;
    let isKnownLost = false;
    while (!signal.aborted) {
      try {
        await this.#watch(() => {
          retryMs = FIRST_RETRY_MS;
          isKnownLost = false;
          attempted();
        });
      } catch (error) {
        if (!signal.aborted && !isKnownLost) {
          isKnownLost = true;
          this.#dependencies.logger.warn('the connection to Docker Engine is lost', {
            error: describeError(error),
          });
        }
      }
      attempted();
      await sleep(retryMs, signal).catch(() => undefined); // closed, which the loop sees
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    }
  }

  async #watch(connected: () => void): Promise<void> {
    const { link } = this.#dependencies;
    const connection = (this.#connection = new AbortController());
    const signal = AbortSignal.any([this.#end.signal, connection.signal]);
    try {
      await link.identify(signal);
      const filter = { label: this.#options.label, actions: ACTIONS };
      const since = this.#last === undefined ? {} : { since: secondsOf(this.#last - OVERLAP_NS) };
      const events = await link.engine.events({ ...filter, ...since }, signal);
      await this.#dependencies.connected(signal);
      connected();
      for await (const event of events) {
        this.#last = event.timeNano;
        this.#dependencies.happened(event);
      }
    } finally {
      connection.abort();
    }
  }
}

const secondsOf = (timeNs: number): string => (timeNs / 1e9).toFixed(9);
