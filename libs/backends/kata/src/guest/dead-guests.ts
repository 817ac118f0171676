import type { BackendEvent } from '@crihub/contract';
import type { ContainerId, SandboxId } from '@crihub/kernel';
import {
  type ContainerRecord,
  ContainerStates,
  ExitFiles,
  type JsonRecords,
} from '@crihub/service-oci-containers';
import { hostExits } from './guest-layout.ts';
import type { PodShareDirectories } from './pod-share.ts';
import { ReportFiles } from './report-files.ts';

/** As if each process had been sent SIGKILL. */
const KILLED_EXIT_CODE = 137;

export interface DeadGuestsDependencies {
  readonly records: Pick<JsonRecords<ContainerId, ContainerRecord>, 'entries'>;
  readonly directoriesOf: (id: SandboxId) => PodShareDirectories;
}

/** Containers whose machine has ended: what is known of them is on this host. */
export class DeadGuests {
  readonly #dependencies: DeadGuestsDependencies;

  constructor(dependencies: DeadGuestsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Writes down how they ended for all of which the guest told nothing, and returns their exits. */
  async endContainers(id: SandboxId): Promise<readonly BackendEvent[]> {
    const exitFiles = this.#exitFiles(id);
    const ended: BackendEvent[] = [];
    for (const [container, record] of this.#dependencies.records.entries()) {
      if (record.container.sandboxId !== id || record.step !== 'created') continue;
      if ((await exitFiles.read(container)) === undefined) await exitFiles.write(container, KILLED_EXIT_CODE);
      const exit = await exitFiles.read(container);
      if (exit !== undefined) ended.push({ type: 'containerExited', id: container, exit });
    }
    return ended;
  }

  /** By the files that are left: nothing of them runs. */
  states(id: SandboxId): ContainerStates {
    return new ContainerStates({
      bootId: '',
      exitFiles: this.#exitFiles(id),
      processes: { identify: async () => undefined },
      runtime: { wasStarted: async () => false },
    });
  }

  async removeExit(container: ContainerId, id: SandboxId): Promise<void> {
    await this.#exitFiles(id).remove(container);
  }

  #exitFiles(id: SandboxId): ExitFiles {
    const reports = { host: this.#dependencies.directoriesOf(id).reports, guest: '/' };
    return new ExitFiles({ layout: hostExits(reports), files: new ReportFiles() });
  }
}
