import { type Attachment, renderCniArgs } from './attachment.ts';
import type { NetworkList, PluginConfig } from './network-list.ts';
import type { RawResult } from './network-result.ts';
import type { CniCommand, PluginCall } from './plugin-runner.ts';

/** What all plugins of a chain are asked to do; `prevResult` grows along an ADD. */
export interface ChainStep {
  readonly command: CniCommand;
  /** Absent for GC and STATUS. */
  readonly attachment?: Attachment;
  readonly prevResult?: RawResult | undefined;
  /** Further keys of the configuration. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/**
 * The execution configuration (CNI specification 1.1, section 3, "Deriving execution configuration"): of the capabilities
 * a plugin gets those alone that it declares.
 */
export function buildCall(network: NetworkList, plugin: PluginConfig, step: ChainStep): PluginCall {
  const { capabilities = {}, ...own } = plugin;
  const offered = Object.entries(step.attachment?.capabilities ?? {});
  const runtimeConfig = Object.fromEntries(offered.filter(([name]) => capabilities[name] === true));
  const { attachment } = step;
  return {
    command: step.command,
    plugin: plugin.type,
    network: network.name,
    config: {
      ...own,
      name: network.name,
      cniVersion: network.cniVersion,
      ...(Object.keys(runtimeConfig).length === 0 ? {} : { runtimeConfig }),
      ...(step.prevResult === undefined ? {} : { prevResult: step.prevResult }),
      ...step.extra,
    },
    ...(attachment === undefined ? {} : { subject: { ...attachment, args: renderCniArgs(attachment.args) } }),
  };
}
