import type { BackendEvent, Sandbox } from '@crihub/contract';
import type { Clock, ContainerId, Logger, SandboxId } from '@crihub/kernel';
import type { OciRlimit, SeccompHost } from '@crihub/service-oci';
import {
  ContainerDriver,
  type ContainerDriverDependencies,
  type ContainerRecord,
  type JsonRecords,
  LocalFiles,
  PauseProcess,
  type Pods,
} from '@crihub/service-oci-containers';
import { GuestExecutor } from './guest-executor.ts';
import { GuestLayout, hostExits } from './guest-layout.ts';
import { GuestPreparation } from './guest-preparation.ts';
import { guestSpecHost, GuestSpecs } from './guest-specs.ts';
import { GuestTerminal } from './guest-terminal.ts';
import { GuestView } from './guest-view.ts';
import type { Guest } from './guest.ts';
import { GuestPause, type PauseRecord } from './pause-records.ts';
import type { PodShare } from './pod-share.ts';
import { ReportFiles } from './report-files.ts';

export interface GuestDriverSettings {
  readonly rlimits: readonly OciRlimit[];
  /** Of the guest's kernel. */
  readonly kernelVersion: SeccompHost['kernelVersion'];
  /** Time for the OCI runtime to create a container, in ms. */
  readonly createTimeoutMs: number;
  /** Time for any other call of the OCI runtime, in ms. */
  readonly callTimeoutMs: number;
  /** Time between two looks at the container monitors, in ms. */
  readonly monitorIntervalMs: number;
}

export interface GuestDriverDependencies {
  readonly guest: Guest;
  readonly share: PodShare;
  readonly records: JsonRecords<ContainerId, ContainerRecord>;
  readonly pauses: JsonRecords<SandboxId, PauseRecord>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tell: (event: BackendEvent) => void;
}

/** Where the guest's image has what the host would look up. */
const PROGRAMS = { conmon: '/usr/bin/conmon', runtime: '/usr/bin/crun', pause: '/usr/bin/catatonit' };

/** The containers of one guest, by the same driver as those of this host. */
export class GuestDriver {
  readonly driver: ContainerDriver;
  readonly executor: GuestExecutor;
  readonly #pause: GuestPause;
  readonly #pauseProcess: PauseProcess;
  readonly #dependencies: GuestDriverDependencies;

  constructor(settings: GuestDriverSettings, dependencies: GuestDriverDependencies) {
    const { guest, share, pauses } = dependencies;
    this.#dependencies = dependencies;
    const executor = new GuestExecutor({ guest });
    const layout = new GuestLayout(guest);
    const host = guestSpecHost(settings.kernelVersion);
    const specs = new GuestSpecs({ host, rlimits: settings.rlimits, shares: guest }, { layout });
    const { shell } = executor;
    this.executor = executor;
    this.#pause = new GuestPause(guest, { records: pauses });
    this.driver = new ContainerDriver(
      { ...settings, bootId: guest.bootId, systemdCgroup: false },
      {
        ...dependencies,
        executor,
        layout,
        exits: exitsOf(guest),
        hostFiles: new LocalFiles(),
        programs: { conmon: async () => PROGRAMS.conmon, runtime: async () => PROGRAMS.runtime },
        pods: this.#pods(),
        pauses: this.#pause,
        preparation: new GuestPreparation({
          shell,
          layout,
          files: guest.files,
          view: new GuestView(guest, { share, mounts: guest.mounts }),
          specs,
        }),
        makeTerminals: (runtime) => new GuestTerminal({ executor, runtime }),
      },
    );
    const { launcher, runtime } = this.driver;
    this.#pauseProcess = new PauseProcess(
      { minOomScoreAdj: host.minOomScoreAdj },
      { layout, executor, launcher, runtime, program: async () => PROGRAMS.pause },
    );
  }

  /** Begins to look for ends of containers, and makes what the pod's containers share. Repeatable. */
  async start(sandbox: Sandbox, signal: AbortSignal): Promise<void> {
    await this.driver.start();
    const { pauses, guest, share } = this.#dependencies;
    if (sandbox.namespaces.pid !== 'pod' || this.#pause.current !== undefined) return;
    await share.addReports(sandbox.id);
    const input = { sandbox, paths: {}, cgroupsPath: cgroupOf(sandbox.id), joinFiles: [] };
    const launched = await this.#pauseProcess.start(input, signal);
    await pauses.write(sandbox.id, { bootId: guest.bootId, ...launched });
  }

  /** Lets go of the guest, whose containers run on. */
  close(): void {
    this.driver.close();
    this.executor.close();
  }

  #pods(): Pods {
    return {
      running: () => {
        const init = this.#pause.current?.init.pid;
        return { joinFiles: [], ...(init === undefined ? {} : { init }) };
      },
      cgroupOf: (id) => ({ specPath: cgroupOf(id), path: cgroupOf(id) }),
    };
  }
}

/** The exit files as this host reads them. */
function exitsOf({ reports }: Pick<Guest, 'reports'>): ContainerDriverDependencies['exits'] {
  const layout = hostExits(reports);
  return { directory: layout.directory, layout, files: new ReportFiles() };
}

const cgroupOf = (id: ContainerId | SandboxId): string => `/crihub/${id}`;
