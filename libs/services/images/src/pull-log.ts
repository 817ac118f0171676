import { describeError, type Logger } from '@crihub/kernel';
import type { PullProgress } from './pull-progress.ts';

const INTERVAL_MS = 10_000;

/** One pull's lines in the log: its progress now and then, and its end. */
export class PullLog {
  readonly #reference: string;
  readonly #logger: Logger;
  readonly #started = performance.now();
  #lastLine = this.#started;
  #bytes = 0;

  constructor(reference: string, logger: Logger) {
    this.#reference = reference;
    this.#logger = logger;
  }

  progress({ bytes, bytesDone, layers, layersDone }: PullProgress): void {
    this.#bytes = bytes;
    if (performance.now() - this.#lastLine < INTERVAL_MS) return;
    this.#lastLine = performance.now();
    this.#logger.info('pulling image', { reference: this.#reference, bytesDone, bytes, layersDone, layers });
  }

  done(image: string): void {
    this.#logger.info('image pulled', {
      reference: this.#reference,
      image,
      bytes: this.#bytes,
      ms: this.#ms(),
    });
  }

  failed(error: unknown): void {
    this.#logger.warn('image pull failed', {
      reference: this.#reference,
      error: describeError(error),
      ms: this.#ms(),
    });
  }

  #ms(): number {
    return Math.round(performance.now() - this.#started);
  }
}
