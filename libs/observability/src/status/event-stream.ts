import type { ServerResponse } from 'node:http';
import { sleep, untilAborted } from '@crihub/kernel';
import type { LiveView } from './live-view.ts';

/** Changes come in bursts; people see no more than a few pictures a second. */
const SETTLE_MS = 200;
/** Health changes without an event, and a silent connection is taken for a dead one. */
const LONGEST_PAUSE_MS = 2_000;

/**
 * Sends the view as server-sent events (WHATWG HTML, 9.2), one whole picture for each change, until the
 * client leaves or the signal aborts. A slow client gets fewer pictures, never a queue of old ones.
 */
export async function streamView(
  view: LiveView,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const ended = new AbortController();
  response.once('close', () => ended.abort());
  const until = AbortSignal.any([signal, ended.signal]);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const changes = new ChangeFlag(view, until);
  let last = '';
  try {
    while (!until.aborted) {
      const picture = JSON.stringify(view.snapshot());
      const text = picture === last ? ': still here\n\n' : `data: ${picture}\n\n`;
      last = picture;
      if (!response.write(text)) await drained(response, until);
      await changes.orAfter(LONGEST_PAUSE_MS);
      await sleep(SETTLE_MS, until);
    }
  } catch (error) {
    if (!until.aborted) throw error;
  } finally {
    ended.abort();
    response.end();
    await changes.ended;
  }
}

async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once('drain', resolve);
  await untilAborted(promise, signal);
}

/** Whether something changed since it was last asked; what happens while nobody asks is not lost. */
class ChangeFlag {
  readonly ended: Promise<void>;
  readonly #signal: AbortSignal;
  #changed = Promise.withResolvers<void>();

  constructor(view: LiveView, signal: AbortSignal) {
    this.#signal = signal;
    this.ended = this.#follow(view);
    // Who follows awaits it at the end; until then a failure is nobody's, and not an accident.
    this.ended.catch(() => undefined);
  }

  async orAfter(ms: number): Promise<void> {
    const stop = new AbortController();
    const late = sleep(ms, AbortSignal.any([this.#signal, stop.signal])).catch(() => undefined);
    try {
      await Promise.race([this.#changed.promise, late]);
    } finally {
      stop.abort();
    }
    this.#changed = Promise.withResolvers<void>();
  }

  async #follow(view: LiveView): Promise<void> {
    for await (const _change of view.changes(this.#signal)) this.#changed.resolve();
  }
}
