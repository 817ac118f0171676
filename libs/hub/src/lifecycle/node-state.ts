import type { ContainerExit } from '@crihub/contract';
import { type Clock, type ContainerId, KeyedMutex, type Logger, type SandboxId } from '@crihub/kernel';
import type { EventHub } from '../events/event-hub.ts';
import type { LifecycleChange, LifecycleEvent } from '../events/lifecycle-event.ts';
import {
  type ContainerEnd,
  endOfExit,
  type ContainerRecord,
  isVisibleContainer,
} from '../records/container-record.ts';
import type { Records } from '../records/records.ts';
import { isVisibleSandbox, type SandboxRecord } from '../records/sandbox-record.ts';

export interface NodeStateDeps {
  readonly records: Records;
  readonly events: EventHub<LifecycleEvent>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of each container that has ended, before anybody else hears of it. */
  readonly onEnded: (record: ContainerRecord) => void;
}

/** The records together with what every change of them entails: its event, and waking who waits for it. */
export class NodeState {
  readonly records: Records;
  readonly clock: Clock;
  /** One operation at a time on one pod or container. */
  readonly locks = new KeyedMutex<SandboxId | ContainerId>();
  readonly #events: EventHub<LifecycleEvent>;
  readonly #logger: Logger;
  readonly #onEnded: NodeStateDeps['onEnded'];
  readonly #endings = new Map<ContainerId, PromiseWithResolvers<void>>();

  constructor(deps: NodeStateDeps) {
    this.records = deps.records;
    this.clock = deps.clock;
    this.#events = deps.events;
    this.#logger = deps.logger;
    this.#onEnded = deps.onEnded;
  }

  publish(change: LifecycleChange, id: SandboxId | ContainerId, sandboxId: SandboxId): void {
    this.#events.publish(() => ({
      id,
      change,
      at: this.clock.nowNs(),
      sandbox: this.records.sandboxes.get(sandboxId),
      containers: this.records.containersOf(sandboxId).filter(isVisibleContainer),
    }));
  }

  /** Resolves when the container no longer runs; at once if it doesn't. */
  async ended(id: ContainerId): Promise<void> {
    if (!this.#mayRun(id)) return;
    let ending = this.#endings.get(id);
    if (ending === undefined) {
      ending = Promise.withResolvers<void>();
      this.#endings.set(id, ending);
    }
    await ending.promise;
  }

  /** Writes down how a container ended, if that is news. The caller holds its lock. */
  recordExit(id: ContainerId, exit: ContainerExit): void {
    this.recordEnd(id, endOfExit(exit));
  }

  /** The same for an end that no exit of a process tells. */
  recordEnd(id: ContainerId, end: ContainerEnd): void {
    const record = this.records.containers.get(id);
    if (record === undefined || !isVisibleContainer(record) || record.phase === 'exited') return;
    const { pid: _gone, ...rest } = record;
    this.#onEnded(this.records.putContainer({ ...rest, phase: 'exited', end }));
    this.#logger.info('container ended', {
      container: id,
      sandbox: record.sandboxId,
      code: end.exitCode,
      reason: end.reason,
    });
    this.wake(id);
    this.publish('stopped', id, record.sandboxId);
  }

  /** Lets go of those who wait for the container's end: it ended, or it was removed. */
  wake(id: ContainerId): void {
    this.#endings.get(id)?.resolve();
    this.#endings.delete(id);
  }

  /** A pod that is no longer able to run containers. */
  recordNotReady(record: SandboxRecord, message: string): SandboxRecord {
    if (!isVisibleSandbox(record) || record.phase === 'notReady') return record;
    const changed = this.records.sandboxes.put({ ...record, phase: 'notReady', message });
    this.#logger.info('pod sandbox is no longer ready', { sandbox: record.id, message });
    this.publish('stopped', record.id, record.id);
    return changed;
  }

  #mayRun(id: ContainerId): boolean {
    const phase: ContainerRecord['phase'] | undefined = this.records.containers.get(id)?.phase;
    return phase === 'running' || phase === 'unknown' || phase === 'created';
  }
}
