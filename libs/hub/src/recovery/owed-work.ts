import { describeError, type Logger, sleep } from '@crihub/kernel';
import type { NodeState } from '../lifecycle/node-state.ts';
import type { Teardown } from '../lifecycle/teardown.ts';

const LOOK_MS = 5_000;
const LONGEST_WAIT_MS = 5 * 60_000;

interface Debt {
  attempts: number;
  /** On the monotonic clock, in ms. */
  nextAt: number;
}

/** The removal of one pod or container. */
interface Work {
  readonly id: string;
  readonly pay: () => Promise<void>;
}

/** Tries again, with growing pauses, to remove what could not be removed: records in phase `removing`. */
export class OwedWork {
  readonly #node: NodeState;
  readonly #teardown: Teardown;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  readonly #debts = new Map<string, Debt>();
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: { readonly node: NodeState; readonly teardown: Teardown; readonly logger: Logger }) {
    this.#node = deps.node;
    this.#teardown = deps.teardown;
    this.#logger = deps.logger;
  }

  /** How many pods and containers still have to be removed. */
  get size(): number {
    return this.#owed().length;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.payDue();
      await sleep(LOOK_MS, this.#stop.signal).catch(() => undefined); // closed: the loop ends
    }
  }

  /** Tries all debts whose time has come. */
  async payDue(): Promise<void> {
    const owed = this.#owed();
    for (const id of this.#debts.keys()) if (!owed.some((work) => work.id === id)) this.#debts.delete(id);
    await Promise.all(owed.map((work) => this.#payIfDue(work)));
  }

  async #payIfDue({ id, pay }: Work): Promise<void> {
    const debt = this.#debts.get(id) ?? { attempts: 0, nextAt: 0 };
    if (performance.now() < debt.nextAt) return;
    const attempts = debt.attempts + 1;
    try {
      await pay();
      this.#debts.delete(id);
      this.#logger.info('owed work is done', { id, attempts });
    } catch (error) {
      const wait = Math.min(LOOK_MS * 2 ** attempts, LONGEST_WAIT_MS);
      this.#debts.set(id, { attempts, nextAt: performance.now() + wait });
      this.#logger.warn('owed work failed again', {
        id,
        attempts,
        retryInMs: wait,
        error: describeError(error),
      });
    }
  }

  #owed(): Work[] {
    const { records, locks } = this.#node;
    const containers = [...records.containers.all()]
      .filter(({ phase }) => phase === 'removing')
      .map(({ id }) => ({
        id,
        pay: () =>
          locks.run(id, async () => {
            const now = records.containers.get(id);
            if (now?.phase === 'removing') await this.#teardown.container(now);
          }),
      }));
    const sandboxes = [...records.sandboxes.all()]
      .filter(({ phase }) => phase === 'removing')
      .map(({ id }) => ({
        id,
        pay: () =>
          locks.run(id, async () => {
            const now = records.sandboxes.get(id);
            if (now?.phase === 'removing') await this.#teardown.sandbox(now);
          }),
      }));
    return [...containers, ...sandboxes];
  }
}
