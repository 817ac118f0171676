export { type FailpointAction, Failpoints } from './failpoints/failpoints.ts';
export { withFailpoints } from './failpoints/with-failpoints.ts';
export {
  MemoryBackend,
  type MemoryBackendDependencies,
  type MemoryBackendOptions,
} from './memory/memory-backend.ts';
export { MemoryNode, type MemorySandbox, type Outage } from './memory/memory-node.ts';
export { makeBusyboxRoot } from './kit/busybox-root.ts';
export { busyboxCommands, memoryCommands, type RigCommands } from './kit/commands.ts';
export type { ContainerOverrides, Rig } from './kit/rig.ts';
export {
  type BackendContractOptions,
  CONTRACT_TEST_NAMES,
  runBackendContract,
} from './kit/run-backend-contract.ts';
export { sampleContainer, sampleMount, sampleSandbox } from './kit/samples.ts';
export { MemoryRig } from './memory/memory-rig.ts';
