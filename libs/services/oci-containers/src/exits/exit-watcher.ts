import { basename } from 'node:path';
import { describeError, isFullId, type Logger, sleep } from '@crihub/kernel';
import type { Files } from '../execution/executor.ts';

export interface ExitWatcherDependencies {
  readonly files: Files;
  readonly logger: Logger;
  /** A file with this name has appeared. */
  readonly exited: (id: string) => void;
  /** Files may have appeared unseen. */
  readonly lost: () => void;
}

const RETRY_MS = 500;

/** Watches the directory of exit files: one watch for all containers, made anew when it breaks. */
export class ExitWatcher {
  readonly #directory: string;
  readonly #dependencies: ExitWatcherDependencies;
  readonly #closed = new AbortController();
  #watch = new AbortController();

  constructor({ directory }: { readonly directory: string }, dependencies: ExitWatcherDependencies) {
    this.#directory = directory;
    this.#dependencies = dependencies;
  }

  async start(): Promise<void> {
    const { files, exited } = this.#dependencies;
    this.#watch = new AbortController();
    const { signal } = this.#watch;
    await files.makeDirectory(this.#directory);
    const lost = (error: Error): void => {
      if (!signal.aborted) void this.#startAgain(error);
    };
    await files.watch(
      this.#directory,
      {
        lost,
        changed: (name) => {
          if (isFullId(name)) exited(name);
          else if (name === basename(this.#directory))
            lost(new Error(`${this.#directory} was moved or removed`));
        },
      },
      signal,
    );
  }

  close(): void {
    this.#closed.abort();
    this.#watch.abort();
  }

  async #startAgain(error: unknown): Promise<void> {
    this.#watch.abort();
    this.#dependencies.logger.warn('the watch of exit files broke', { error: describeError(error) });
    try {
      await sleep(RETRY_MS, this.#closed.signal);
      await this.start();
      this.#dependencies.lost();
    } catch (failure) {
      if (!this.#closed.signal.aborted) await this.#startAgain(failure);
    }
  }
}
