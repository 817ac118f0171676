import type { Readable } from 'node:stream';
import { describeError, type Logger, RuntimeError, sleep } from '@crihub/kernel';
import type { ContainerLog } from '@crihub/service-container-log';
import type { EngineLink } from '../engine-link.ts';
import { skipMessages } from './log-encoder.ts';
import { messageParser } from './log-messages.ts';
import { type LogProgress, ProgressCounter } from './log-progress.ts';

export interface LogFollowerOptions {
  readonly engineId: string;
  readonly terminal: boolean;
  readonly start: LogProgress;
  /** It runs, as was just seen. */
  readonly isRunning: boolean;
}

export interface LogFollowerDependencies {
  readonly link: EngineLink;
  readonly log: ContainerLog;
  readonly logger: Logger;
}

/** A stream that ends without an error ends with its container, as a rule; the news of it wakes who waits. */
const NEXT_LOOK_MS = 20;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 5_000;

/** Copies a container's log from the engine's own, each message once, across lost connections. */
export class LogFollower {
  /** Resolves when the container has ended and all of it is written, or after `stop`. Never rejects. */
  readonly done: Promise<void>;
  readonly #options: LogFollowerOptions;
  readonly #dependencies: LogFollowerDependencies;
  readonly #counter: ProgressCounter;
  readonly #end = new AbortController();
  /** Aborts when the container has ended, or with `stop`. */
  readonly #over = new AbortController();
  /** Until the first look. */
  #isRunning: true | undefined;

  constructor(options: LogFollowerOptions, dependencies: LogFollowerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#counter = new ProgressCounter(options.start);
    this.#isRunning = options.isRunning ? true : undefined;
    this.done = this.#run();
  }

  /** The container has ended: what is there is copied, and then it is done. */
  finish(): void {
    this.#over.abort();
  }

  /** Lets go at once; the log is as far as it is. */
  async stop(): Promise<void> {
    this.#end.abort();
    this.#over.abort();
    await this.done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      try {
        if (await this.#copy(signal)) return;
        retryMs = FIRST_RETRY_MS;
        await pause(NEXT_LOOK_MS, this.#over.signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#dependencies.logger.debug('reading a log from Docker Engine failed', {
          container: this.#options.engineId,
          error: describeError(error),
        });
        await pause(retryMs, signal);
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
      }
    }
  }

  /** Copies until the stream ends. True if the container had ended before, so that nothing can follow. */
  async #copy(signal: AbortSignal): Promise<boolean> {
    const { link } = this.#dependencies;
    const { engineId } = this.#options;
    const isRunning = this.#isRunning ?? (await this.#look(signal));
    this.#isRunning = undefined;
    if (isRunning === 'gone') return true;
    const isOver = this.#over.signal.aborted || !isRunning;
    const { sinceNs, skip } = this.#counter.progress;
    const source = await link.engine.containers.logs(
      engineId,
      { follow: !isOver, since: secondsOf(sinceNs) },
      signal,
    );
    await this.#write(source, skip);
    return isOver;
  }

  async #look(signal: AbortSignal): Promise<boolean | 'gone'> {
    const details = await this.#dependencies.link.engine.containers.inspect(this.#options.engineId, signal);
    return details?.State.Running ?? 'gone';
  }

  async #write(source: Readable, written: number): Promise<void> {
    const { log } = this.#dependencies;
    const parser = messageParser(this.#options.terminal);
    let skip = written;
    for await (const chunk of source as AsyncIterable<Buffer>) {
      const batch = parser.push(chunk);
      const { entries, messages } = skipMessages(batch, skip);
      skip = Math.max(0, skip - batch.messages.length);
      if (messages.length > 0) await log.append(entries);
      for (const message of messages) this.#counter.count(message);
      if (batch.trouble !== undefined) throw new RuntimeError('Internal', batch.trouble);
    }
  }
}

/** Ends early when the signal aborts, which the loop sees. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, signal).catch(() => undefined);
}

/** As the engine takes times: seconds, and nanoseconds behind the point. */
const secondsOf = (timeNs: bigint): string =>
  `${String(timeNs / 1_000_000_000n)}.${String(timeNs % 1_000_000_000n).padStart(9, '0')}`;
