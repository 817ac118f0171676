export { removeRemains, type RemainsDependencies } from './bundle/remains.ts';
export type { Launched } from './conmon/conmon-launcher.ts';
export {
  ContainerDriver,
  type ContainerDriverDependencies,
  type ContainerDriverSettings,
} from './container-driver.ts';
export type { CreationInput, Preparation } from './container/container-creation.ts';
export { ContainerStates, inventoryContainer } from './container/container-state.ts';
export type { OciContainers, Pods, RunningPod } from './container/oci-containers.ts';
export {
  type Cgroups,
  type Executor,
  type Files,
  type FileStatus,
  isAlive,
  type MachineProcess,
  type ProcessRef,
  type ProcessTable,
} from './execution/executor.ts';
export { headOf } from './execution/bounded-output.ts';
export { cgroupLimits } from './execution/cgroup-limits.ts';
export { LocalExecutor } from './execution/local-executor.ts';
export { LocalFiles } from './execution/local-files.ts';
export { ExitFiles } from './exits/exit-files.ts';
export type { PauseProcesses } from './exits/exit-reporter.ts';
export type { Monitored } from './exits/monitor-watch.ts';
export type { ContainerLayout, ExitLayout } from './layout.ts';
export { PauseProcess } from './pause/pause-process.ts';
export type { OciProcesses } from './process/oci-processes.ts';
export { markedCommand } from './process/process-mark.ts';
export { runtimeExitCode } from './process/runtime-exit-code.ts';
export type { StartedTerminal, TerminalExec } from './process/terminal-exec.ts';
export { type ContainerRecord, containerRecord } from './records/container-record.ts';
export { JsonRecords } from './records/json-records.ts';
export { storedProcess } from './records/stored-process.ts';
export type { OciRuntime } from './runtime/oci-runtime.ts';
