import { describeError, type Logger, RuntimeError, sleep } from '@crihub/kernel';
import type { Directories } from '../lifecycle/directories.ts';
import type { NodeState } from '../lifecycle/node-state.ts';
import type { RootFilesystems } from '../lifecycle/ports.ts';
import type { Handler } from '../router/handler.ts';
import type { Handlers } from '../router/handlers.ts';
import type { HealthMonitor } from '../router/health-monitor.ts';
import { PerBackend } from '../router/per-backend.ts';
import { EventFollower } from './event-follower.ts';
import { removeOrphanDirectories } from './orphan-directories.ts';
import type { OwedWork } from './owed-work.ts';
import { rebuildRecords } from './rebuild.ts';
import type { Finding, Reconciler } from './reconciler.ts';

const AUDIT_MS = 60_000;

export interface SupervisorOptions {
  /** The database was lost: records are made from what the backends hold. */
  readonly rebuild: boolean;
}

export interface SupervisorDeps {
  readonly health: Pick<HealthMonitor, 'hasStarted'>;
  readonly handlers: Pick<Handlers, 'all'>;
  readonly node: NodeState;
  readonly reconciler: Reconciler;
  readonly owed: OwedWork;
  readonly directories: Directories;
  readonly rootfs: RootFilesystems;
  readonly logger: Logger;
}

/**
 * Recovery, and what keeps records and reality together afterwards: events, owed work, the audit.
 * A backend that does not answer delays its own pods alone.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #deps: SupervisorDeps;
  readonly #followers: PerBackend<EventFollower>;
  readonly #stop = new AbortController();
  readonly #leaks = new Map<Finding['kind'], number>();
  #audits: Promise<void> = Promise.resolve();

  constructor(options: SupervisorOptions, deps: SupervisorDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#followers = new PerBackend(
      (handler) =>
        new EventFollower({
          handler,
          node: deps.node,
          logger: deps.logger,
          reconcile: async () => void (await this.#reconcile(handler, false)),
        }),
    );
  }

  /** Brings records and backends together; resolves when every backend has answered or run out of time. */
  async recover(): Promise<void> {
    const { handlers, node, directories, rootfs } = this.#deps;
    const outcomes = await Promise.all(handlers.all().map((handler) => this.#recover(handler)));
    await removeOrphanDirectories(directories, node.records, rootfs);
    if (outcomes.every(Boolean)) await this.#collectNetworkGarbage();
    await this.follow();
    this.#deps.owed.start();
    this.#audits = this.#auditRegularly();
  }

  /** Takes over what a backend holds that started late. It must take no pods meanwhile. */
  async adopt(handler: Handler): Promise<void> {
    await this.#recover(handler);
  }

  /** @returns whether the backend answered. */
  async #recover(handler: Handler): Promise<boolean> {
    const { node, logger } = this.#deps;
    try {
      this.#assertStarted(handler);
      if (this.#options.rebuild) await rebuildRecords(handler, node, logger);
      await this.#reconcile(handler, true);
      return true;
    } catch (error) {
      logger.warn('a backend did not take part in recovery; its records stay as last known', {
        handler: handler.name,
        error: describeError(error),
      });
      return false;
    }
  }

  async #reconcile(handler: Handler, atStart: boolean): Promise<readonly Finding[]> {
    this.#assertStarted(handler);
    return await this.#deps.reconciler.reconcile(handler, atStart);
  }

  /** One that did not start knows nothing of its pods, and must not be believed that they are gone. */
  #assertStarted(handler: Handler): void {
    if (this.#deps.health.hasStarted(handler)) return;
    throw new RuntimeError('Unavailable', `the backend of handler '${handler.name}' has not started yet`);
  }

  /** Carries on what happens in the backends that there are now, and in no others. */
  async follow(): Promise<void> {
    for (const follower of await this.#followers.set(this.#deps.handlers.all())) follower.start();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#deps.owed.close(), this.#audits, this.#followers.close()]);
  }

  /** How often an audit found something wrong, by kind, since the start. */
  get leaks(): ReadonlyMap<Finding['kind'], number> {
    return this.#leaks;
  }

  /** Compares everything now. @returns what was wrong, and was mended. */
  async audit(): Promise<readonly Finding[]> {
    const findings: Finding[] = [];
    for (const handler of this.#deps.handlers.all()) {
      try {
        findings.push(...(await this.#reconcile(handler, false)));
      } catch (error) {
        this.#deps.logger.warn('a backend could not be audited', {
          handler: handler.name,
          error: describeError(error),
        });
      }
    }
    const { directories, node, rootfs } = this.#deps;
    findings.push(...(await removeOrphanDirectories(directories, node.records, rootfs)));
    for (const { kind } of findings) this.#leaks.set(kind, (this.#leaks.get(kind) ?? 0) + 1);
    return findings;
  }

  async #auditRegularly(): Promise<void> {
    for (;;) {
      try {
        await sleep(AUDIT_MS, this.#stop.signal);
      } catch {
        return; // closed
      }
      try {
        await this.audit();
      } catch (error) {
        this.#deps.logger.error('the audit failed', { error: describeError(error) });
      }
    }
  }

  async #collectNetworkGarbage(): Promise<void> {
    const valid = (): ReturnType<typeof ids> => ids(this.#deps);
    for (const network of new Set(this.#deps.handlers.all().map((handler) => handler.network))) {
      try {
        await network.collectGarbage(valid, AbortSignal.timeout(30_000));
      } catch (error) {
        this.#deps.logger.warn('network garbage could not be collected', { error: describeError(error) });
      }
    }
  }
}

const ids = ({ node }: SupervisorDeps): readonly Parameters<typeof node.records.sandboxes.get>[0][] =>
  [...node.records.sandboxes.all()].map(({ id }) => id);
