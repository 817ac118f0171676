/**
 * Where to go on in the engine's log: with the messages from `sinceNs` on, the first `skip` of which are
 * written already. The engine selects by time, and times are not quite in order: two streams are told side
 * by side, and the parts of a long line all have the time of its beginning. So `sinceNs` stays a while
 * behind the newest message.
 */
export interface LogProgress {
  readonly sinceNs: bigint;
  readonly skip: number;
}

/** More than messages can be out of order, unless they are parts of a line. */
export const DISORDER_NS = 2_000_000_000n;

export const BEGINNING: LogProgress = { sinceNs: 0n, skip: 0 };

export interface WrittenMessage {
  readonly timeNs: bigint;
  readonly stream: 'stdout' | 'stderr';
  readonly partial: boolean;
}

/** Counts what has been written, to know where to go on when the connection breaks. */
export class ProgressCounter {
  #current: { sinceNs: bigint; skip: number };
  #next: { sinceNs: bigint; skip: number };
  readonly #open = new Set<WrittenMessage['stream']>();

  constructor(start: LogProgress) {
    this.#current = { ...start };
    this.#next = { ...start };
  }

  get progress(): LogProgress {
    return { ...this.#current };
  }

  count({ timeNs, stream, partial }: WrittenMessage): void {
    if (timeNs >= this.#current.sinceNs) this.#current.skip += 1;
    if (timeNs >= this.#next.sinceNs) this.#next.skip += 1;
    if (partial) this.#open.add(stream);
    else this.#open.delete(stream);
    if (this.#open.size > 0 || timeNs < this.#next.sinceNs + DISORDER_NS) return;
    // The later mark is old enough; a new one begins after what has just been written.
    this.#current = this.#next;
    this.#next = { sinceNs: timeNs, skip: 1 };
  }
}

/** The same from what a log file's end holds, for a daemon that has lost count. */
export function progressOf(written: readonly WrittenMessage[], isWhole: boolean): LogProgress {
  const newest = written.reduce((latest, { timeNs }) => (timeNs > latest ? timeNs : latest), 0n);
  if (newest === 0n) return BEGINNING;
  const wanted = openSince(written).reduce((a, b) => (b < a ? b : a), newest - DISORDER_NS);
  // What lies before the part that was read can't be counted.
  const oldest = isWhole ? 0n : (written[written.length >> 2]?.timeNs ?? 0n);
  const sinceNs = wanted > oldest ? wanted : oldest;
  return { sinceNs, skip: written.filter(({ timeNs }) => timeNs >= sinceNs).length };
}

/** The beginnings of lines whose ends are not written yet. */
function openSince(written: readonly WrittenMessage[]): readonly bigint[] {
  return (['stdout', 'stderr'] as const).flatMap((stream) => {
    const last = written.findLast((message) => message.stream === stream);
    return last?.partial === true ? [last.timeNs] : [];
  });
}
