import type { Inventory } from '@crihub/contract';
import { type ContainerId, describeError, type Logger, type SandboxId, withDeadline } from '@crihub/kernel';
import type { NodeState } from '../lifecycle/node-state.ts';
import type { Teardown } from '../lifecycle/teardown.ts';
import type { ContainerRecord } from '../records/container-record.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import type { Handler } from '../router/handler.ts';
import { decideContainer, decideSandbox, pidOf } from './decide.ts';

const INVENTORY_MS = 10_000;
/** As a shell reports what it could not wait for. */
const UNKNOWN_EXIT = 255;

export interface ReconcilerDeps {
  readonly node: NodeState;
  readonly teardown: Teardown;
  readonly logger: Logger;
}

/** What a reconciliation found to be wrong, for the audit's report. */
export interface Finding {
  readonly kind: 'orphanSandbox' | 'orphanContainer' | 'unfinished' | 'stateDiffers';
  readonly id: string;
  readonly message: string;
}

/**
 * Brings the records of one handler and what its backend has into agreement, by the table in `decide.ts`.
 * Assumptions: a backend's inventory is complete or the call fails; what carries our mark and has no
 * record is ours to remove; a record that changed since the inventory was asked for is left for next time.
 */
export class Reconciler {
  readonly #deps: ReconcilerDeps;

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  /**
   * @param atStart nothing is in the making, so intents in the records are leftovers.
   * @throws if the backend did not answer; no record has then changed.
   */
  async reconcile(handler: Handler, atStart: boolean): Promise<readonly Finding[]> {
    const before = this.#recordsOf(handler);
    const inventory = await withDeadline(`inventory of ${handler.name}`, INVENTORY_MS, undefined, (signal) =>
      handler.backend.inventory(signal),
    );
    const findings: Finding[] = [];
    await this.#settleContainers(before, inventory, atStart, findings);
    await this.#settleSandboxes(before, inventory, atStart, findings);
    await this.#removeOrphans(handler, inventory, findings);
    for (const finding of findings)
      this.#deps.logger.warn('reconciled', { handler: handler.name, ...finding });
    return findings;
  }

  async #settleContainers(
    before: Snapshot,
    inventory: Inventory,
    atStart: boolean,
    findings: Finding[],
  ): Promise<void> {
    const found = new Map(inventory.containers.map((container) => [container.id, container]));
    await Promise.all(
      before.containers.map(async (record) => {
        if (!atStart && isIntent(record.phase)) return;
        const verdict = decideContainer(record.phase, found.get(record.id));
        if (verdict.do === 'keep') return;
        findings.push({
          kind: verdict.do === 'remove' ? 'unfinished' : 'stateDiffers',
          id: record.id,
          message: verdict.do,
        });
        await this.#applyToContainer(record, verdict);
      }),
    );
  }

  async #applyToContainer(seen: ContainerRecord, verdict: ReturnType<typeof decideContainer>): Promise<void> {
    const { node, teardown } = this.#deps;
    using _held = await node.locks.acquire(seen.id);
    if (node.records.containers.get(seen.id) !== seen) return;
    switch (verdict.do) {
      case 'remove':
        await teardown.afterFailure(`container ${seen.id}`, () => teardown.container(seen));
        break;
      case 'markRunning':
        node.records.putContainer({
          ...seen,
          phase: 'running',
          ...pidOf(verdict),
          startedAt: seen.startedAt ?? node.clock.nowNs(),
        });
        node.publish('started', seen.id, seen.sandboxId);
        break;
      case 'markExited':
        // It ran, or it could not have ended: the start was not written down.
        if (seen.startedAt === undefined)
          node.records.putContainer({ ...seen, startedAt: verdict.exit.finishedAt });
        node.recordExit(seen.id, verdict.exit);
        break;
      case 'markLost':
        node.recordEnd(seen.id, {
          finishedAt: node.clock.nowNs(),
          exitCode: UNKNOWN_EXIT,
          reason: 'Unknown',
          message: `the container was lost: ${verdict.message}`,
        });
        break;
      case 'keep':
        break;
    }
  }

  async #settleSandboxes(
    before: Snapshot,
    inventory: Inventory,
    atStart: boolean,
    findings: Finding[],
  ): Promise<void> {
    const { node, teardown } = this.#deps;
    const found = new Map(inventory.sandboxes.map((sandbox) => [sandbox.id, sandbox]));
    await Promise.all(
      before.sandboxes.map(async (record) => {
        if (!atStart && isIntent(record.phase)) return;
        const verdict = decideSandbox(record.phase, found.get(record.id));
        if (verdict.do === 'keep') return;
        findings.push({
          kind: verdict.do === 'remove' ? 'unfinished' : 'stateDiffers',
          id: record.id,
          message: verdict.do,
        });
        using _held = await node.locks.acquire(record.id);
        if (node.records.sandboxes.get(record.id) !== record) return;
        if (verdict.do === 'markNotReady') node.recordNotReady(record, verdict.message);
        else await teardown.afterFailure(`pod sandbox ${record.id}`, () => teardown.sandbox(record));
      }),
    );
  }

  /** Things with our mark that no record knows, looked at again after the records may have gained them. */
  async #removeOrphans(
    { backend, timeouts }: Handler,
    inventory: Inventory,
    findings: Finding[],
  ): Promise<void> {
    const { records } = this.#deps.node;
    const remove = async (
      kind: Finding['kind'],
      id: ContainerId | SandboxId,
      work: (signal: AbortSignal) => Promise<void>,
    ): Promise<void> => {
      findings.push({ kind, id, message: 'has no record; removed' });
      try {
        await withDeadline(`remove orphan ${id}`, timeouts.callMs, undefined, work);
      } catch (error) {
        this.#deps.logger.warn('an orphan could not be removed; it is tried again', {
          id,
          error: describeError(error),
        });
      }
    };
    for (const { id } of inventory.containers) {
      if (records.containers.get(id) !== undefined) continue;
      await remove('orphanContainer', id, (signal) => backend.containers.remove(id, signal));
    }
    for (const { id } of inventory.sandboxes) {
      if (records.sandboxes.get(id) !== undefined) continue;
      await remove('orphanSandbox', id, async (signal) => {
        await backend.sandboxes.stop(id, signal);
        await backend.sandboxes.remove(id, signal);
      });
    }
  }

  #recordsOf({ name }: Handler): Snapshot {
    const { records } = this.#deps.node;
    const sandboxes = [...records.sandboxes.all()].filter(({ handler }) => handler === name);
    return { sandboxes, containers: sandboxes.flatMap(({ id }) => records.containersOf(id)) };
  }
}

interface Snapshot {
  readonly sandboxes: readonly SandboxRecord[];
  readonly containers: readonly ContainerRecord[];
}

const isIntent = (phase: string): boolean => phase === 'creating' || phase === 'removing';
