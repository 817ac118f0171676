import { KeyedMutex, untilAborted } from '@crihub/kernel';

/**
 * Changes of one thing, after each other and each to the end of the call it is in: what the engine was asked
 * for can't be taken back, so a caller who gives up leaves alone, and whoever comes next finds it done.
 */
export class Turns {
  readonly #mutex = new KeyedMutex<string>();
  readonly #underWay = new Map<Promise<unknown>, string | undefined>();

  /**
   * Runs `work`, which looks at the signal between its calls. @param group what `settled` waits for.
   * @throws the signal's reason as soon as it aborts.
   */
  async run<T>(id: string, work: () => Promise<T>, signal: AbortSignal, group?: string): Promise<T> {
    signal.throwIfAborted();
    const done = this.#mutex.run(id, async () => {
      signal.throwIfAborted();
      return await work();
    });
    this.#underWay.set(done, group);
    const forget = (): void => void this.#underWay.delete(done);
    done.then(forget, forget);
    return await untilAborted(done, signal);
  }

  /** Waits for all work under way, or for that of a group; its failures are its callers'. */
  async settled(group?: string): Promise<void> {
    const entries = [...this.#underWay].filter(([, other]) => group === undefined || other === group);
    await Promise.allSettled(entries.map(([work]) => work));
  }
}
