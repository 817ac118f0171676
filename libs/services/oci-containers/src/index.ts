export { removeRemains, type RemainsDependencies } from './bundle/remains.ts';
export type { Launched } from './conmon/conmon-launcher.ts';
export {
  ContainerDriver,
  type ContainerDriverDependencies,
  type ContainerDriverSettings,
} from './container-driver.ts';
export type { SpecSource } from './container/container-creation.ts';
export { type ContainerStates, inventoryContainer } from './container/container-state.ts';
export type { OciContainers, Pods, RunningPod } from './container/oci-containers.ts';
export { type Executor, isAlive } from './execution/executor.ts';
export { LocalExecutor } from './execution/local-executor.ts';
export type { PauseProcesses } from './exits/exit-reporter.ts';
export type { Monitored } from './exits/monitor-watch.ts';
export type { ContainerLayout, ExitLayout } from './layout.ts';
export { PauseProcess } from './pause/pause-process.ts';
export type { OciProcesses } from './process/oci-processes.ts';
export { type ContainerRecord, containerRecord } from './records/container-record.ts';
export { JsonRecords } from './records/json-records.ts';
export { storedProcess } from './records/stored-process.ts';
