import type { ContainerId, Logger } from '@crihub/kernel';
import { Nri, type NriOptions, type PluginHost, type PluginObserver } from '@crihub/service-nri';
import type { Handlers } from '../router/handlers.ts';
import { ApplyResources } from './apply-resources.ts';
import type { NodeState } from './node-state.ts';
import { snapshotOf } from './plugin-views.ts';
import { Plugins } from './plugins.ts';

/** A container that a plugin evicts gets so long to end by itself, as the kubelet's pods do by default. */
const EVICTION_GRACE_SECONDS = 30;

export interface MakePluginsOptions {
  readonly version: string;
  readonly plugins: Pick<NriOptions, 'registrationTimeoutMs' | 'requestTimeoutMs'>;
}

export interface MakePluginsDeps {
  readonly node: NodeState;
  readonly handlers: Handlers;
  readonly stop: (id: ContainerId, graceSeconds: number) => Promise<void>;
  readonly observer: PluginObserver;
  readonly logger: Logger;
}

/** The node's plugins, and what they act by. */
export function makePlugins(
  options: MakePluginsOptions,
  { node, handlers, stop, observer, logger }: MakePluginsDeps,
): { readonly nri: Nri; readonly plugins: Plugins; readonly applyResources: ApplyResources } {
  const applyResources = new ApplyResources({ node, handlers });
  const host: PluginHost = {
    snapshot: () => snapshotOf(node.records),
    update: async ({ id, resources }) => applyResources.unlocked(id, resources),
    evict: async ({ id }) => stop(id, EVICTION_GRACE_SECONDS),
  };
  const runtime = { runtimeName: 'crihub', runtimeVersion: options.version };
  const nri = new Nri({ ...options.plugins, ...runtime }, { host, logger, observer });
  const plugins = new Plugins({
    nri,
    host,
    podOf: ({ sandboxId }) => node.records.sandboxes.get(sandboxId),
    logger,
  });
  return { nri, plugins, applyResources };
}
