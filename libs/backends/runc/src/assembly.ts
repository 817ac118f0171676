import type { BackendEvent } from '@crihub/contract';
import type { Clock, ContainerId, Logger, SandboxId } from '@crihub/kernel';
import type { Cgroups, HostFacts, Mounts, PinnedNamespaces } from '@crihub/linux';
import {
  type CdiResolver,
  ContainerSpecs,
  hostFeaturesOf,
  SandboxNamespaces,
  specHostOf,
} from '@crihub/service-sandbox';
import { ConmonLauncher } from './conmon/conmon-launcher.ts';
import { ContainerCreation } from './container/container-creation.ts';
import { ContainerStates } from './container/container-state.ts';
import { RuncContainers } from './container/runc-containers.ts';
import { LocalExecutor } from './execution/local-executor.ts';
import { ExitFiles } from './exits/exit-files.ts';
import { ExitReporter } from './exits/exit-reporter.ts';
import { ExitWatcher } from './exits/exit-watcher.ts';
import { MonitorWatch } from './exits/monitor-watch.ts';
import { Programs } from './health/programs.ts';
import { RuncHealth } from './health/runc-health.ts';
import { stolenControllersOf } from './health/stolen-controllers.ts';
import { Layout } from './layout.ts';
import type { RuncOptions, RuncPlacement } from './options.ts';
import { ExecProcesses } from './process/exec-processes.ts';
import { RuncProcesses } from './process/runc-processes.ts';
import { TerminalExec } from './process/terminal-exec.ts';
import { type ContainerRecord, containerRecord } from './records/container-record.ts';
import { JsonRecords } from './records/json-records.ts';
import { type SandboxRecord, sandboxRecord } from './records/sandbox-record.ts';
import { OciRuntime } from './runtime/oci-runtime.ts';
import { PauseProcess } from './sandbox/pause-process.ts';
import { RuncSandboxes } from './sandbox/runc-sandboxes.ts';

export interface RuncBackendDependencies {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly host: HostFacts;
  readonly cgroups: Cgroups;
  readonly namespaces: PinnedNamespaces;
  readonly mounts: Mounts;
  readonly cdi: CdiResolver;
}

export type RuncSettings = RuncOptions & RuncPlacement;

/** What is known of pods and containers, and the machine: the ground on which the rest stands. */
export interface Stores {
  readonly bootId: string;
  readonly layout: Layout;
  readonly executor: LocalExecutor;
  readonly sandboxes: JsonRecords<SandboxId, SandboxRecord>;
  readonly containers: JsonRecords<ContainerId, ContainerRecord>;
  readonly exitFiles: ExitFiles;
}

export function makeStores(
  settings: RuncSettings,
  { logger, cgroups, host }: RuncBackendDependencies,
): Stores {
  const layout = new Layout(settings);
  const executor = new LocalExecutor({ cgroups });
  const { files } = executor;
  const sandboxes = new JsonRecords<SandboxId, SandboxRecord>(
    { directory: layout.sandboxRecords, schema: sandboxRecord },
    { files, logger },
  );
  const containers = new JsonRecords<ContainerId, ContainerRecord>(
    { directory: layout.containerRecords, schema: containerRecord },
    { files, logger },
  );
  const exitFiles = new ExitFiles({ layout, files });
  return { bootId: host.bootId, layout, executor, sandboxes, containers, exitFiles };
}

/** The programs that do the work. */
export interface Tools {
  readonly programs: Programs;
  readonly runtime: OciRuntime;
  readonly launcher: ConmonLauncher;
  readonly states: ContainerStates;
}

export function makeTools(settings: RuncSettings, { bootId, layout, executor, exitFiles }: Stores): Tools {
  const { callTimeoutMs, createTimeoutMs } = settings;
  const systemdCgroup = settings.cgroupDriver === 'systemd';
  const programs = new Programs(settings);
  const runtime = new OciRuntime(
    { root: layout.runtimeRoot, systemdCgroup, callTimeoutMs },
    { executor, program: programs.runtime },
  );
  const launcher = new ConmonLauncher(
    { runtimeRoot: layout.runtimeRoot, exitDirectory: layout.exits, systemdCgroup, createTimeoutMs },
    { executor, programs },
  );
  const { processes } = executor;
  return {
    programs,
    runtime,
    launcher,
    states: new ContainerStates({ processes, exitFiles, runtime, bootId }),
  };
}

export interface Operations {
  readonly sandboxes: RuncSandboxes;
  readonly containers: RuncContainers;
  readonly processes: RuncProcesses;
}

export function makeOperations(
  settings: RuncSettings,
  stores: Stores,
  tools: Tools,
  dependencies: RuncBackendDependencies,
): Operations {
  const { bootId, layout, executor, exitFiles } = stores;
  const { programs, runtime, launcher, states } = tools;
  const { cgroupDriver, rlimits, callTimeoutMs } = settings;
  const { clock, host, cdi, namespaces, mounts } = dependencies;
  const { files } = executor;
  const specHost = specHostOf(host);
  const specs = new ContainerSpecs({ host: specHost, rlimits }, { cdi });
  const creation = new ContainerCreation({ cgroupDriver }, { layout, executor, specs, launcher });
  const execProcesses = new ExecProcesses({ layout, files });
  const terminalExec = new TerminalExec(
    { runtimeRoot: layout.runtimeRoot, callTimeoutMs },
    { executor, programs },
  );
  const pause = new PauseProcess(
    { cgroupDriver, minOomScoreAdj: specHost.minOomScoreAdj },
    { layout, executor, launcher, runtime, program: programs.pause },
  );
  const remains = { executor, layout, runtime, exitFiles };
  const records = stores.containers;
  const containers = new RuncContainers(
    { bootId, cgroupDriver },
    { ...remains, records, sandboxes: stores.sandboxes, states, creation, execProcesses, clock },
  );
  const sandboxes = new RuncSandboxes(
    { bootId, cgroupDriver },
    {
      ...remains,
      records: stores.sandboxes,
      containerRecords: records,
      containers,
      namespaces: new SandboxNamespaces({ layout, files, namespaces, mounts }),
      pause,
    },
  );
  const processes = new RuncProcesses({ ...remains, records, states, execProcesses, terminalExec });
  return { sandboxes, containers, processes };
}

/** What looks after containers on its own account. */
export interface Watches {
  readonly exitWatcher: ExitWatcher;
  readonly monitorWatch: MonitorWatch;
}

export function makeWatches(
  { monitorIntervalMs }: RuncSettings,
  stores: Stores,
  logger: Logger,
  tell: (event: BackendEvent) => void,
): Watches {
  const { layout, executor, exitFiles } = stores;
  const reporter = new ExitReporter({ ...stores, logger, tell });
  const exited = (id: string): void => reporter.exited(id);
  const lost = (): void => tell({ type: 'resync' });
  return {
    exitWatcher: new ExitWatcher(
      { directory: layout.exits },
      { files: executor.files, logger, exited, lost },
    ),
    monitorWatch: new MonitorWatch(
      { intervalMs: monitorIntervalMs },
      { executor, exitFiles, logger, monitored: () => reporter.monitored(), exited },
    ),
  };
}

export const makeHealth = (
  { executor }: Stores,
  { programs }: Tools,
  { host }: RuncBackendDependencies,
): RuncHealth =>
  new RuncHealth({
    executor,
    programs,
    features: hostFeaturesOf(host),
    stolenControllers: stolenControllersOf(host),
  });
