import type { BackendEvent } from '@crihub/contract';
import { describeError, type Logger, sleep } from '@crihub/kernel';
import type { NodeState } from '../lifecycle/node-state.ts';
import type { Handler } from '../router/handler.ts';

const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 15_000;

export interface EventFollowerDeps {
  readonly handler: Handler;
  readonly node: NodeState;
  /** Compares records and backend; called once events flow, and whenever some may have been missed. */
  readonly reconcile: () => Promise<void>;
  readonly logger: Logger;
}

/** Carries what happens in one backend into the records, for as long as the daemon runs. */
export class EventFollower {
  readonly #deps: EventFollowerDeps;
  readonly #stop = new AbortController();
  readonly #applying = new Set<Promise<void>>();
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: EventFollowerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#loop = this.#follow();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await Promise.all(this.#applying);
  }

  async #follow(): Promise<void> {
    const { handler, logger } = this.#deps;
    let wait = FIRST_RETRY_MS;
    while (!this.#stop.signal.aborted) {
      try {
        // Following begins first, so that nothing falls between the comparison and the events.
        const following = this.#consume(() => (wait = FIRST_RETRY_MS));
        await Promise.all([following, this.#reconcile()]);
      } catch (error) {
        if (!this.#stop.signal.aborted) {
          logger.warn('lost the events of a backend; following them again', {
            handler: handler.name,
            error: describeError(error),
          });
        }
      }
      if (!(await this.#pause(wait))) return;
      wait = Math.min(wait * 2, LAST_RETRY_MS);
    }
  }

  async #consume(onEvent: () => void): Promise<void> {
    for await (const event of this.#deps.handler.backend.events(this.#stop.signal)) {
      onEvent();
      // Not waited for: the lock of one container, held by a slow operation, must not keep news of others.
      this.#begin(event);
    }
  }

  #begin(event: BackendEvent): void {
    const work = this.#apply(event)
      .catch((error: unknown) => {
        if (this.#stop.signal.aborted) return;
        this.#deps.logger.error('an event could not be recorded', {
          event: event.type,
          error: describeError(error),
        });
      })
      .finally(() => this.#applying.delete(work));
    this.#applying.add(work);
  }

  async #apply(event: BackendEvent): Promise<void> {
    const { node } = this.#deps;
    switch (event.type) {
      case 'containerExited': {
        using _held = await node.locks.acquire(event.id, this.#stop.signal);
        node.recordExit(event.id, event.exit);
        break;
      }
      case 'sandboxExited': {
        const record = node.records.sandboxes.get(event.id);
        if (record !== undefined) node.recordNotReady(record, event.message);
        break;
      }
      case 'resync':
        await this.#reconcile();
        break;
    }
  }

  async #reconcile(): Promise<void> {
    try {
      await this.#deps.reconcile();
    } catch (error) {
      this.#deps.logger.warn('could not compare records and backend; trying again later', {
        handler: this.#deps.handler.name,
        error: describeError(error),
      });
    }
  }

  async #pause(ms: number): Promise<boolean> {
    try {
      await sleep(ms, this.#stop.signal);
      return true;
    } catch {
      return false; // closed meanwhile
    }
  }
}
