import type { HubHandlers } from '../server/index.ts';
import { type AdminMethodDeps, adminMethods } from './admin.ts';
import { type CheckpointMethodDeps, checkpointMethods } from './checkpoint.ts';
import { type ContainerMethodDeps, containerMethods } from './containers.ts';
import { type ImageMethodDeps, imageMethods } from './images.ts';
import { type RuntimeMethodDeps, runtimeMethods, type RuntimeMethodOptions } from './runtime.ts';
import { type SandboxMethodDeps, sandboxMethods } from './sandboxes.ts';
import { type StatsMethodDeps, statsMethods } from './stats.ts';
import { type StreamingMethodDeps, streamingMethods } from './streaming.ts';

export type HubMethodDeps = RuntimeMethodDeps &
  SandboxMethodDeps &
  ContainerMethodDeps &
  StreamingMethodDeps &
  StatsMethodDeps &
  CheckpointMethodDeps &
  ImageMethodDeps &
  AdminMethodDeps;

/** All RPCs of the CRI's services and the operator's. */
export const hubMethods = (options: RuntimeMethodOptions, deps: HubMethodDeps): HubHandlers => ({
  runtime: {
    ...runtimeMethods(options, deps),
    ...sandboxMethods(deps),
    ...containerMethods(deps),
    ...streamingMethods(deps),
    ...statsMethods(deps),
    ...checkpointMethods(deps),
  },
  image: imageMethods(deps),
  admin: adminMethods(deps),
});
