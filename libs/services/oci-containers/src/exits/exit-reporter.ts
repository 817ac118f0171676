import type { BackendEvent } from '@crihub/contract';
import { type ContainerId, describeError, type Logger, type SandboxId } from '@crihub/kernel';
import type { ContainerRecord } from '../records/container-record.ts';
import type { JsonRecords } from '../records/json-records.ts';
import type { ExitFiles } from './exit-files.ts';
import type { Monitored } from './monitor-watch.ts';

/** The processes that stand for pods under a conmon of their own. */
export interface PauseProcesses {
  has(id: SandboxId): boolean;
  monitored(): readonly Monitored[];
}

export interface ExitReporterDependencies {
  readonly bootId: string;
  readonly containers: Pick<JsonRecords<ContainerId, ContainerRecord>, 'get' | 'entries'>;
  readonly pauses: PauseProcesses;
  readonly exitFiles: ExitFiles;
  readonly logger: Logger;
  readonly tell: (event: BackendEvent) => void;
}

/** Makes events of exit files, and knows of which none was made yet. */
export class ExitReporter {
  readonly #dependencies: ExitReporterDependencies;
  readonly #told = new Set<string>();

  constructor(dependencies: ExitReporterDependencies) {
    this.#dependencies = dependencies;
  }

  /** An exit file is there; its name is the id of a container, or of the pod of a pause process. */
  exited(id: string): void {
    if (this.#told.has(id)) return;
    this.#report(id).catch((error: unknown) =>
      this.#dependencies.logger.warn('could not read how a container ended', {
        id,
        error: describeError(error),
      }),
    );
  }

  /** What should have a conmon now. */
  monitored(): readonly Monitored[] {
    const { containers, pauses, bootId } = this.#dependencies;
    const found: Monitored[] = [];
    for (const [id, record] of containers.entries()) {
      if (record.step === 'created' && record.bootId === bootId) found.push({ id, ...record });
    }
    found.push(...pauses.monitored());
    const present = new Set<string>(found.map(({ id }) => id));
    for (const id of this.#told) if (!present.has(id)) this.#told.delete(id);
    return found.filter(({ id }) => !this.#told.has(id));
  }

  async #report(id: string): Promise<void> {
    const { containers, pauses, exitFiles, tell, bootId } = this.#dependencies;
    const containerId = id as ContainerId;
    const sandboxId = id as SandboxId;
    if (pauses.has(sandboxId)) {
      this.#told.add(id);
      tell({ type: 'sandboxExited', id: sandboxId, message: 'the pause process of the pod has ended' });
      return;
    }
    // A machine has no say in the containers of another.
    if (containers.get(containerId)?.bootId !== bootId) return;
    const exit = await exitFiles.read(containerId);
    const record = containers.get(containerId);
    // Without a process that was let go there is no exit: the start or the creation tells the failure.
    if (exit === undefined || record === undefined || record.step === 'unrunnable') return;
    this.#told.add(id);
    tell({ type: 'containerExited', id: containerId, exit });
  }
}
