import type { BackendEvent } from '@crihub/contract';
import type { Clock, ContainerId, Logger } from '@crihub/kernel';
import type { RemainsDependencies } from './bundle/remains.ts';
import { ConmonLauncher } from './conmon/conmon-launcher.ts';
import { ContainerCreation, type Preparation } from './container/container-creation.ts';
import { ContainerStates } from './container/container-state.ts';
import { OciContainers, type Pods } from './container/oci-containers.ts';
import type { Executor, Files } from './execution/executor.ts';
import { ExitFiles } from './exits/exit-files.ts';
import { ExitReporter, type PauseProcesses } from './exits/exit-reporter.ts';
import { ExitWatcher } from './exits/exit-watcher.ts';
import { MonitorWatch } from './exits/monitor-watch.ts';
import type { ContainerLayout, ExitLayout } from './layout.ts';
import { ExecProcesses } from './process/exec-processes.ts';
import { OciProcesses } from './process/oci-processes.ts';
import { TerminalExec } from './process/terminal-exec.ts';
import type { ContainerRecord } from './records/container-record.ts';
import type { JsonRecords } from './records/json-records.ts';
import { OciRuntime } from './runtime/oci-runtime.ts';

export interface ContainerDriverSettings {
  /** Of the boot of the machine that runs now. */
  readonly bootId: string;
  readonly systemdCgroup: boolean;
  /** Time for the OCI runtime to create a container, in ms. */
  readonly createTimeoutMs: number;
  /** Time for any other call of the OCI runtime, in ms. */
  readonly callTimeoutMs: number;
  /** Time between two looks at the container monitors, in ms. */
  readonly monitorIntervalMs: number;
}

export interface ContainerDriverDependencies {
  /** The machine that the containers run on. */
  readonly executor: Executor;
  readonly layout: ContainerLayout;
  /** Where the daemon finds the exit files, and by which files it reads them. */
  readonly exits: { readonly directory: string; readonly layout: ExitLayout; readonly files: Files };
  /** The files of this host, where the kubelet reads the logs. */
  readonly hostFiles: Pick<Files, 'status'>;
  /** Find the programs on the machine. @throws Unavailable for one that is not installed. */
  readonly programs: { conmon(): Promise<string>; runtime(): Promise<string> };
  readonly records: JsonRecords<ContainerId, ContainerRecord>;
  readonly pods: Pods;
  readonly pauses: PauseProcesses;
  readonly preparation: Preparation;
  /** Makes what starts processes with a terminal; by default that is a conmon of their own. */
  readonly makeTerminals?: (runtime: OciRuntime) => Pick<TerminalExec, 'start'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tell: (event: BackendEvent) => void;
}

/** Containers of one machine, run by an OCI runtime under conmon. */
export class ContainerDriver {
  readonly containers: OciContainers;
  readonly processes: OciProcesses;
  readonly states: ContainerStates;
  readonly runtime: OciRuntime;
  readonly launcher: ConmonLauncher;
  /** What it takes to remove what there may be of a container, or of a pod's pause process. */
  readonly remains: RemainsDependencies;
  readonly #exitWatcher: ExitWatcher;
  readonly #monitorWatch: MonitorWatch;

  constructor(settings: ContainerDriverSettings, dependencies: ContainerDriverDependencies) {
    const { executor, layout, exits, programs, records, pods, preparation, clock, hostFiles } = dependencies;
    const { bootId, systemdCgroup, callTimeoutMs } = settings;
    const { runtimeRoot } = layout;
    const exitFiles = new ExitFiles(exits);
    this.runtime = new OciRuntime(
      { root: runtimeRoot, systemdCgroup, callTimeoutMs },
      { executor, program: () => programs.runtime() },
    );
    this.launcher = new ConmonLauncher(
      { runtimeRoot, exitDirectory: layout.exits, systemdCgroup, createTimeoutMs: settings.createTimeoutMs },
      { executor, programs },
    );
    this.remains = { executor, layout, runtime: this.runtime, exitFiles };
    const { processes } = executor;
    this.states = new ContainerStates({ processes, exitFiles, runtime: this.runtime, bootId });
    const execProcesses = new ExecProcesses({ layout, files: executor.files });
    const creation = new ContainerCreation({ layout, executor, preparation, launcher: this.launcher });
    const { remains, states } = this;
    this.containers = new OciContainers(
      { bootId, systemdCgroup },
      { ...remains, records, pods, states, creation, preparation, execProcesses, hostFiles, clock },
    );
    const terminalExec =
      dependencies.makeTerminals?.(this.runtime) ??
      new TerminalExec({ runtimeRoot, callTimeoutMs }, { executor, programs });
    this.processes = new OciProcesses({ ...remains, records, states, execProcesses, terminalExec });
    const watches = makeWatches(settings, exitFiles, dependencies);
    this.#exitWatcher = watches.exitWatcher;
    this.#monitorWatch = watches.monitorWatch;
  }

  /** Begins to look for ends of containers. */
  async start(): Promise<void> {
    await this.#exitWatcher.start();
    this.#monitorWatch.start();
  }

  /** Lets go of the containers, which run on. */
  close(): void {
    this.#exitWatcher.close();
    this.#monitorWatch.close();
  }
}

function makeWatches(
  { bootId, monitorIntervalMs }: ContainerDriverSettings,
  exitFiles: ExitFiles,
  { executor, exits, records, pauses, logger, tell }: ContainerDriverDependencies,
): { readonly exitWatcher: ExitWatcher; readonly monitorWatch: MonitorWatch } {
  const reporter = new ExitReporter({ bootId, containers: records, pauses, exitFiles, logger, tell });
  const exited = (id: string): void => reporter.exited(id);
  const lost = (): void => tell({ type: 'resync' });
  const { directory, files } = exits;
  return {
    exitWatcher: new ExitWatcher({ directory }, { files, logger, exited, lost }),
    monitorWatch: new MonitorWatch(
      { intervalMs: monitorIntervalMs },
      { executor, exitFiles, logger, monitored: () => reporter.monitored(), exited },
    ),
  };
}
