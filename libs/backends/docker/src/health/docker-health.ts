import type { BackendHealth, Capabilities } from '@crihub/contract';
import { describeError, reasonOf } from '@crihub/kernel';
import { atLeastApi, type EngineIdentity } from '@crihub/transport/docker-engine';
import type { EngineLink } from '../engine-link.ts';
import type { EngineHost } from './engine-host.ts';
import { unfitSettings, type WantedSettings } from './unfit-settings.ts';

export interface DockerHealthDependencies {
  readonly link: EngineLink;
  readonly host: EngineHost;
}

/** Whether the engine answers, and what it can do on this host. */
export class DockerHealth {
  readonly #wanted: WantedSettings;
  readonly #dependencies: DockerHealthDependencies;

  constructor(wanted: WantedSettings, dependencies: DockerHealthDependencies) {
    this.#wanted = wanted;
    this.#dependencies = dependencies;
  }

  async check(signal: AbortSignal): Promise<BackendHealth> {
    const { link } = this.#dependencies;
    signal.throwIfAborted();
    try {
      const told = this.#told(await link.identify(signal));
      const unfit = unfitSettings(await link.engine.settings(signal), this.#wanted);
      return unfit === undefined ? { healthy: true, ...told } : { healthy: false, ...unfit, ...told };
    } catch (error) {
      signal.throwIfAborted();
      return {
        healthy: false,
        reason: reasonOf(error) ?? 'EngineUnusable',
        message: describeError(error),
        ...(link.identity === undefined ? {} : this.#told(link.identity)),
      };
    }
  }

  #told({ version, api }: EngineIdentity): { readonly version: string; readonly capabilities: Capabilities } {
    const { recursiveReadonlyMounts } = this.#dependencies.host;
    return {
      version: `Docker Engine ${version} (API ${String(api.major)}.${String(api.minor)})`,
      capabilities: {
        // The engine can map the ids of all containers, but not those of one pod.
        userNamespaces: false,
        userNamespacesWithHostNetwork: false,
        recursiveReadonlyMounts: recursiveReadonlyMounts && atLeastApi(api, 44),
        idmappedMounts: false,
        mountOptions: false,
        bidirectionalMounts: true,
        hostNetwork: true,
        hostPid: true,
        hostIpc: true,
        sharedPid: true,
        privileged: true,
        devices: true,
        updateSandboxResources: true,
      },
    };
  }
}
