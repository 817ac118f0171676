import { RuntimeError, Semaphore } from '@crihub/kernel';
import type { Records } from '../records/records.ts';
import type { Handler } from './handler.ts';
import type { Handlers, Routing } from './handlers.ts';
import type { HealthMonitor } from './health-monitor.ts';

export interface ReroutingDeps {
  readonly handlers: Handlers;
  readonly records: Pick<Records, 'sandboxes'>;
  readonly health: Pick<HealthMonitor, 'watch'>;
  /** Follows the backends that there are now, and no others. */
  readonly follow: () => Promise<void>;
}

/** Puts another routing in force while pods live. */
export class Rerouting {
  readonly #deps: ReroutingDeps;
  readonly #turn = new Semaphore(1);

  constructor(deps: ReroutingDeps) {
    this.#deps = deps;
  }

  /**
   * A handler that stays keeps its backend: the same object in both routings. Calls run one after the other.
   * @throws FailedPrecondition if a handler would go that has pods; nothing has then changed.
   */
  async apply(next: Routing, signal: AbortSignal): Promise<void> {
    await this.#turn.run(() => this.#apply(next, signal));
  }

  async #apply(next: Routing, signal: AbortSignal): Promise<void> {
    const { handlers, health, follow } = this.#deps;
    const gone = missingFrom(next.handlers, handlers.all());
    this.#assertFree(gone);
    handlers.replace(next);
    await health.watch(next.handlers, signal);
    await follow();
    await Promise.all(gone.map(({ backend }) => backend.close()));
  }

  #assertFree(gone: readonly Handler[]): void {
    const records = [...this.#deps.records.sandboxes.all()];
    for (const { name, admission } of gone) {
      const pods = records.filter(({ handler }) => handler === name).length + admission.waiting;
      if (pods === 0) continue;
      throw new RuntimeError(
        'FailedPrecondition',
        `handler '${name}' can't be removed while it has pods (${String(pods)}): drain it ('crihub drain ${name}'), and remove it when they are gone`,
      );
    }
  }
}

const missingFrom = (some: readonly Handler[], all: readonly Handler[]): readonly Handler[] =>
  all.filter(({ backend }) => !some.some((other) => other.backend === backend));
