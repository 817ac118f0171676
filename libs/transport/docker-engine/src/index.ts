export { type ApiVersion, atLeastApi, type ConnectionOptions } from './connection.ts';
export type { EngineContainers } from './containers.ts';
export { DockerEngine, type EngineIdentity } from './docker-engine.ts';
export type { EngineExecs, ExecRequest } from './execs.ts';
export { statusOf } from './failures.ts';
export { type Frame, FrameParser, type FrameStream } from './frames.ts';
export { HijackedStreams, type HijackedOptions } from './hijacked-streams.ts';
export type { EngineImages } from './images.ts';
export type {
  ContainerDetails,
  ContainerSummary,
  EngineEvent,
  EngineSettings,
  ExecDetails,
} from './schemas.ts';
