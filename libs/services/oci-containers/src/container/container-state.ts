import type { ContainerExit, InventoryContainer } from '@crihub/contract';
import { type ContainerId, sleep } from '@crihub/kernel';
import { isAlive, type ProcessTable } from '../execution/executor.ts';
import type { ExitFiles } from '../exits/exit-files.ts';
import type { ContainerRecord, CreatedRecord } from '../records/container-record.ts';
import type { OciRuntime } from '../runtime/oci-runtime.ts';

/** What a container whose program could not be run is said to have exited with, as a shell's users expect. */
const CANNOT_RUN_EXIT_CODE = 128;
const EXIT_FILE_GRACE_MS = 500;
const POLL_MS = 10;

export type ContainerState =
  | { readonly name: 'partial' }
  | { readonly name: 'created'; readonly record: CreatedRecord }
  | { readonly name: 'running'; readonly record: CreatedRecord }
  | { readonly name: 'exited'; readonly exit: ContainerExit | undefined };

export interface ContainerStatesDependencies {
  readonly processes: Pick<ProcessTable, 'identify'>;
  readonly exitFiles: ExitFiles;
  readonly runtime: Pick<OciRuntime, 'wasStarted'>;
  /** Of the boot that runs now. */
  readonly bootId: string;
}

/** What state a container is in, from its record, its processes and its exit file. */
export class ContainerStates {
  readonly #dependencies: ContainerStatesDependencies;

  constructor(dependencies: ContainerStatesDependencies) {
    this.#dependencies = dependencies;
  }

  async of(id: ContainerId, record: ContainerRecord): Promise<ContainerState> {
    const { processes, exitFiles, runtime, bootId } = this.#dependencies;
    if (record.step === 'creating') return { name: 'partial' };
    if (record.step === 'unrunnable') return { name: 'exited', exit: neverRan(record.failedAt) };
    const exit = await exitFiles.read(id);
    if (exit !== undefined || record.bootId !== bootId) return { name: 'exited', exit };
    if (!(await isAlive(processes, record.init))) {
      return { name: 'exited', exit: await this.#comingExit(id, record) };
    }
    const started = record.startedAt !== undefined || (await runtime.wasStarted(id));
    return { name: started ? 'running' : 'created', record };
  }

  /** conmon writes the file a moment after the process ended. */
  async #comingExit(id: ContainerId, { monitor }: CreatedRecord): Promise<ContainerExit | undefined> {
    const { processes, exitFiles } = this.#dependencies;
    for (let waited = 0; waited < EXIT_FILE_GRACE_MS; waited += POLL_MS) {
      const monitored = await isAlive(processes, monitor);
      const exit = await exitFiles.read(id);
      if (exit !== undefined || !monitored) return exit;
      await sleep(POLL_MS);
    }
    return undefined;
  }
}

export function inventoryContainer(
  id: ContainerId,
  { container, cgroup }: ContainerRecord,
  state: ContainerState,
): InventoryContainer {
  const base = { id, sandboxId: container.sandboxId, cgroup, container };
  switch (state.name) {
    case 'partial':
    case 'created':
      return { ...base, state: state.name };
    case 'running':
      return { ...base, state: 'running', pid: state.record.init.pid };
    case 'exited':
      return { ...base, state: 'exited', ...(state.exit === undefined ? {} : { exit: state.exit }) };
  }
}

const neverRan = (failedAt: string): ContainerExit => ({
  exitCode: CANNOT_RUN_EXIT_CODE,
  finishedAt: BigInt(failedAt),
  oomKilled: false,
});
