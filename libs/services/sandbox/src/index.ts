export { type CgroupDriver, containerCgroup, podCgroup } from './cgroups/pod-cgroups.ts';
export { EngineProcesses } from './engine/engine-processes.ts';
export { EventStream } from './events/event-stream.ts';
export { notFound, wrongState } from './failures.ts';
export { capabilitiesOf, type HostFeatures, hostFeaturesOf } from './host/capabilities.ts';
export { specHostOf } from './host/spec-host.ts';
export {
  type Directories,
  SandboxNamespaces,
  type SandboxNamespacesDependencies,
} from './namespaces/sandbox-namespaces.ts';
export {
  preparedSandbox,
  type SandboxLayout,
  type SandboxPaths,
  sandboxPaths,
} from './namespaces/sandbox-paths.ts';
export { Turns } from './operations/turns.ts';
export {
  absolutePathOption,
  millisecondsOption,
  programOption,
  rlimitsOption,
} from './options/option-schemas.ts';
export { featuresOfVersion, parseFeatures, type RuntimeFeatures } from './runtime/runtime-features.ts';
export { isUnrunnableProgram, runtimeMessage } from './runtime/runtime-message.ts';
export { containerNamespaces, type NamespaceSources, sharesPid } from './spec/container-namespaces.ts';
export { type CdiResolver, ContainerSpecs, type ContainerSpecsOptions } from './spec/container-specs.ts';
export { PAUSE_MOUNTS, PAUSE_PROGRAM, pauseSpec, type PauseSpecInput } from './spec/pause-spec.ts';
