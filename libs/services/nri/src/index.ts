export type { ContainerUpdate, ContainerView, Eviction, PluginHost, PodView, Requests } from './model.ts';
export { Nri, type NriDeps, type NriOptions } from './nri.ts';
export { NriSocket, type NriSocketOptions } from './nri-socket.ts';
export type { PluginObserver } from './plugin/plugin.ts';
