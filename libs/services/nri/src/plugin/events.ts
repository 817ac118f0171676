import { Event, PluginService } from '@crihub/wire/nri';

/** A hook of plugins: the event that subscribes to it, and the call that tells of it. */
export const hooks = {
  runPodSandbox: { event: Event.RUN_POD_SANDBOX, method: PluginService.runPodSandbox },
  updatePodSandbox: { event: Event.UPDATE_POD_SANDBOX, method: PluginService.updatePodSandbox },
  postUpdatePodSandbox: { event: Event.POST_UPDATE_POD_SANDBOX, method: PluginService.postUpdatePodSandbox },
  stopPodSandbox: { event: Event.STOP_POD_SANDBOX, method: PluginService.stopPodSandbox },
  removePodSandbox: { event: Event.REMOVE_POD_SANDBOX, method: PluginService.removePodSandbox },
  createContainer: { event: Event.CREATE_CONTAINER, method: PluginService.createContainer },
  postCreateContainer: { event: Event.POST_CREATE_CONTAINER, method: PluginService.postCreateContainer },
  startContainer: { event: Event.START_CONTAINER, method: PluginService.startContainer },
  postStartContainer: { event: Event.POST_START_CONTAINER, method: PluginService.postStartContainer },
  updateContainer: { event: Event.UPDATE_CONTAINER, method: PluginService.updateContainer },
  postUpdateContainer: { event: Event.POST_UPDATE_CONTAINER, method: PluginService.postUpdateContainer },
  stopContainer: { event: Event.STOP_CONTAINER, method: PluginService.stopContainer },
  removeContainer: { event: Event.REMOVE_CONTAINER, method: PluginService.removeContainer },
  validateContainerAdjustment: {
    event: Event.VALIDATE_CONTAINER_ADJUSTMENT,
    method: PluginService.validateContainerAdjustment,
  },
} as const;

export type HookName = keyof typeof hooks;

/** The hooks that older plugins know as one call, StateChange. */
export type PlainHookName = Exclude<
  HookName,
  'createContainer' | 'updateContainer' | 'stopContainer' | 'updatePodSandbox' | 'validateContainerAdjustment'
>;

/** The bit of an event in a subscription. */
export const bitOf = (event: Event): number => 1 << (event - 1);

/** A subscription to everything. */
export const ALL_EVENTS = bitOf(Event.LAST) - 1;
