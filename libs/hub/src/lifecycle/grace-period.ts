import { sleep } from '@crihub/kernel';

/** How long a container may take to end by itself. It can be shortened while somebody waits. */
export class GracePeriod {
  #deadline: number;
  #shortened = Promise.withResolvers<void>();

  /** @param ms from now. */
  constructor(ms: number) {
    this.#deadline = performance.now() + ms;
  }

  /** Time left, in ms; 0 or less when it is over. */
  get left(): number {
    return this.#deadline - performance.now();
  }

  /** Ends the period after `ms` from now, unless it ends sooner. */
  shortenTo(ms: number): void {
    const deadline = performance.now() + ms;
    if (deadline >= this.#deadline) return;
    this.#deadline = deadline;
    this.#shortened.resolve();
    this.#shortened = Promise.withResolvers();
  }

  /** @returns whether the promise resolved before the end of the period. */
  async outlasts(ended: Promise<void>): Promise<boolean> {
    while (this.left > 0) {
      const outcome = await within(this.left, ended, this.#shortened.promise);
      if (outcome === 'ended') return true;
    }
    return false;
  }
}

/** Which comes first within the time: `ended`, or the interruption. */
async function within(
  ms: number,
  ended: Promise<void>,
  interrupted: Promise<void>,
): Promise<'ended' | 'interrupted' | 'late'> {
  const stop = new AbortController();
  const late = sleep(ms, stop.signal).then(
    () => 'late' as const,
    () => 'late' as const, // stopped below: nobody looks any more
  );
  try {
    return await Promise.race([
      ended.then(() => 'ended' as const),
      interrupted.then(() => 'interrupted' as const),
      late,
    ]);
  } finally {
    stop.abort();
  }
}
