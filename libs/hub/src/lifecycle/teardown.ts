import { rm } from 'node:fs/promises';
import { describeError, type Logger, RuntimeError, settleAll, withDeadline } from '@crihub/kernel';
import { type ContainerRecord, isVisibleContainer } from '../records/container-record.ts';
import { isVisibleSandbox, type SandboxRecord } from '../records/sandbox-record.ts';
import type { Handler } from '../router/handler.ts';
import type { Handlers } from '../router/handlers.ts';
import type { Directories } from './directories.ts';
import type { NodeState } from './node-state.ts';
import { phaseSubject } from './phase-subject.ts';
import { type PhaseObserver, timed } from './phases.ts';
import type { Plugins } from './plugins.ts';
import type { RootFilesystems } from './ports.ts';
import type { StepObserver } from './steps.ts';

export interface TeardownDeps {
  readonly node: NodeState;
  readonly handlers: Handlers;
  readonly plugins: Plugins;
  readonly rootfs: RootFilesystems;
  readonly directories: Directories;
  readonly phases: PhaseObserver;
  readonly steps: StepObserver;
  readonly logger: Logger;
}

/**
 * The one way in which pods and containers disappear: after a failed creation, for the kubelet's Remove,
 * for what a crash left half made, and for what is still owed from an earlier attempt. Every step finds
 * its work done if it was done before, so that a teardown can be repeated until it succeeds.
 */
export class Teardown {
  readonly #deps: TeardownDeps;

  constructor(deps: TeardownDeps) {
    this.#deps = deps;
  }

  /** Removes a container and its record; on failure the record stays, as owed. The caller holds its lock. */
  async container(record: ContainerRecord): Promise<void> {
    const { node, plugins, rootfs, directories, steps } = this.#deps;
    const handler = this.#handlerOf(record);
    const listed = record.listed ?? isVisibleContainer(record);
    node.records.putContainer({ ...record, phase: 'removing', listed });
    if (isVisibleContainer(record) && record.phase !== 'exited') plugins.containerEnded(record);
    node.wake(record.id);
    await steps.reached('removeContainer.intent');
    await this.#call(handler, `remove container ${record.id}`, (signal) =>
      handler.backend.containers.remove(record.id, signal),
    );
    await steps.reached('removeContainer.removed');
    for (const index of record.mounts.keys())
      await rootfs.unmountVolume(directories.imageVolume(record.id, index));
    await rootfs.unmount(directories.container(record.id));
    await rm(directories.container(record.id), { recursive: true, force: true });
    await steps.reached('removeContainer.filesRemoved');
    if (listed) await plugins.removeContainer(record);
    node.records.deleteContainer(record);
    if (listed) node.publish('deleted', record.id, record.sandboxId);
  }

  /** Removes a pod with its containers and its record; on failure the record stays, as owed. The caller holds its lock. */
  async sandbox(record: SandboxRecord): Promise<void> {
    const { node, handlers, plugins, directories, steps } = this.#deps;
    const handler = handlers.of(record);
    const listed = record.listed ?? isVisibleSandbox(record);
    const removing = node.records.sandboxes.put({ ...record, phase: 'removing', listed });
    await steps.reached('removeSandbox.intent');
    await settleAll(
      node.records.containersOf(record.id).map((container) =>
        node.locks.run(container.id, async () => {
          const now = node.records.containers.get(container.id);
          if (now !== undefined) await this.container(now);
        }),
      ),
    );
    await steps.reached('removeSandbox.containersRemoved');
    await this.#call(handler, `stop pod sandbox ${record.id}`, (signal) =>
      handler.backend.sandboxes.stop(record.id, signal),
    );
    await this.detachNetwork(removing);
    await steps.reached('removeSandbox.detached');
    await this.#call(handler, `remove pod sandbox ${record.id}`, (signal) =>
      handler.backend.sandboxes.remove(record.id, signal),
    );
    await steps.reached('removeSandbox.removed');
    await rm(directories.sandbox(record.id), { recursive: true, force: true });
    await steps.reached('removeSandbox.filesRemoved');
    if (listed) await plugins.removePod(record);
    node.records.sandboxes.delete(record.id);
    if (listed) node.publish('deleted', record.id, record.id);
  }

  /** Takes a pod off its network, if it may hold anything there, and writes that down. */
  async detachNetwork(record: SandboxRecord): Promise<SandboxRecord> {
    const { node, handlers, phases } = this.#deps;
    const { network } = record;
    if (network.state === 'host' || network.state === 'none') return record;
    const handler = handlers.of(record);
    await timed(phases, phaseSubject(record), 'network_detach', () =>
      this.#call(handler, `detach pod sandbox ${record.id} from its network`, (signal) =>
        handler.network.detach(record.sandbox, network.namespacePath, record.hostPorts, signal),
      ),
    );
    return node.records.sandboxes.put({ ...record, network: { state: 'none' } });
  }

  /** Removes what a failed creation left; what can't be removed now stays owed, and is logged. */
  async afterFailure(what: string, teardown: () => Promise<void>): Promise<void> {
    try {
      await teardown();
    } catch (error) {
      this.#deps.logger.warn('could not undo a failed creation now; it will be tried again', {
        what,
        error: describeError(error),
      });
    }
  }

  #handlerOf(record: ContainerRecord): Handler {
    const sandbox = this.#deps.node.records.sandboxes.get(record.sandboxId);
    if (sandbox !== undefined) return this.#deps.handlers.of(sandbox);
    throw new RuntimeError('Internal', `container ${record.id} has no pod sandbox ${record.sandboxId}`);
  }

  async #call(handler: Handler, what: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    await withDeadline(what, handler.timeouts.callMs, undefined, work);
  }
}
