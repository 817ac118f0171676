import type { Writable } from 'node:stream';
import { type PullImageResponse, PullPhase } from '@crihub/wire/admin';
import progress, { type SingleBar } from 'cli-progress';
import { describeProgress, type PullDisplay } from './pull-progress.ts';

/** A bar that fills with the bytes of all layers. */
export class PullBar implements PullDisplay {
  readonly #bar: SingleBar;
  #started = false;

  constructor(stream: Writable) {
    this.#bar = new progress.SingleBar({
      format: '[{bar}] {percentage}% | {words}',
      stream,
      barCompleteChar: '=',
      barIncompleteChar: ' ',
      clearOnComplete: true,
    });
  }

  async show(news: PullImageResponse): Promise<void> {
    const done = news.phase === PullPhase.PULL_PHASE_DONE;
    // A bar without a total would read 100 %.
    const total = Math.max(1, Number(news.bytes));
    const value = done ? total : Number(news.bytesDone);
    const payload = { words: describeProgress(news) };
    if (this.#started) {
      this.#bar.setTotal(total);
      this.#bar.update(value, payload);
    } else {
      this.#started = true;
      this.#bar.start(total, value, payload);
    }
  }

  [Symbol.dispose](): void {
    if (this.#started) this.#bar.stop();
  }
}
