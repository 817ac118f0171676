export type { ImageParts, ImageSource, ImageSourceLayer } from './image-source.ts';
export type {
  Backend,
  CheckpointSupport,
  ContainerOperations,
  CreatedContainer,
  EngineSupport,
  GuestFigures,
  GuestStatistics,
  ImageCopySupport,
  PortForwardSupport,
  PreparedSandbox,
  ProcessOperations,
  SandboxOperations,
  StartedContainer,
  StartedSandbox,
  WarmPool,
} from './backend.ts';
export type {
  BackendPackage,
  BackendPlacement,
  BackendServices,
  OptionsResult,
  OptionsSchema,
} from './backend-package.ts';
export type { BackendHealth, Capabilities } from './capabilities.ts';
export type { Container, ContainerExit, ContainerMetadata } from './container.ts';
export type { BackendEvent, Inventory, InventoryContainer, InventorySandbox } from './inventory.ts';
export { type Isolation, ISOLATIONS, isWeaker } from './isolation.ts';
export type { Device, Mount, MountPropagation } from './mount.ts';
export type { ContainerPidNamespace, IdMapping, SandboxNamespaces, UserNamespace } from './namespaces.ts';
export { type BackendPhase, type BackendPhases, type Phase, PHASES } from './phases.ts';
export type {
  AttachSpec,
  ExecSpec,
  Process,
  ProcessExit,
  ProcessSession,
  ProcessUser,
  Rlimit,
  TerminalSize,
} from './process.ts';
export type { HugepageLimit, Resources } from './resources.ts';
export type { PodMetadata, PodNetworkAttachment, Sandbox } from './sandbox.ts';
export type {
  AppArmorProfile,
  CapabilityChanges,
  ContainerSecurity,
  SandboxSecurity,
  SeccompProfile,
  SelinuxOptions,
} from './security.ts';
export { CONTRACT_VERSION } from './version.ts';
export type { WritableLayer } from './writable-layer.ts';
