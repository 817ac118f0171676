export type {
  DescribedImage,
  ImageFilesystem,
  ImageService,
  PullCredentials,
  PullOptions,
  PullProgress,
} from './front/methods/image-service.ts';
export type { HostPort } from './front/parse/sandbox.ts';
export type { UserRequest } from './front/parse/container.ts';
export { type CallObserver, CriServer } from './front/server/index.ts';
export { Hub, type HubDeps, type HubOptions } from './hub.ts';
export type { PhaseMeasurement, PhaseObserver } from './lifecycle/phases.ts';
export type { NodeImage, NodeImages, RootFilesystems, ShiftedOwners, UserLookup } from './lifecycle/ports.ts';
export { noStepObserver, type Step, type StepObserver } from './lifecycle/steps.ts';
export type { Finding } from './recovery/reconciler.ts';
export type { Retention } from './measurements/measurement-store.ts';
export type { Experiment } from './router/experiment.ts';
export type {
  AttachedNetwork,
  Handler,
  HandlerDefaults,
  HandlerTimeouts,
  NetworkStatus,
  SandboxNetwork,
} from './router/handler.ts';
export type { HubFigures } from './view/hub-figures.ts';
export type { ContainerView, HandlerView, NodeSnapshot, NodeView, PodView } from './view/node-view.ts';
export type { Routing } from './router/handlers.ts';
export type { PlacementObserver } from './router/placement-journal.ts';
export type { ReloadOutcome } from './router/reload-outcome.ts';
export { MeasurementStore } from './measurements/measurement-store.ts';
