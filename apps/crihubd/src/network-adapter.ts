import type { Sandbox } from '@crihub/contract';
import type { AttachedNetwork, HostPort, NetworkStatus, SandboxNetwork } from '@crihub/hub';
import type { PodNetwork } from '@crihub/service-network';

/** The pod network as one handler sees it: with its own network lists, if it has any. */
export class HandlerNetwork implements SandboxNetwork {
  readonly #confDirectory: string | undefined;
  readonly #network: PodNetwork;

  constructor(
    options: { readonly confDirectory: string | undefined },
    deps: { readonly network: PodNetwork },
  ) {
    this.#confDirectory = options.confDirectory;
    this.#network = deps.network;
  }

  async attach(
    sandbox: Sandbox,
    namespacePath: string,
    hostPorts: readonly HostPort[],
    signal: AbortSignal,
  ): Promise<AttachedNetwork> {
    const { annotations } = sandbox;
    return await this.#network.attach(
      { ...this.#identity(sandbox, namespacePath), portMappings: hostPorts, annotations },
      signal,
    );
  }

  async detach(
    sandbox: Sandbox,
    namespacePath: string,
    _hostPorts: readonly HostPort[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#network.detach(this.#identity(sandbox, namespacePath), signal);
  }

  async recall(id: string): Promise<AttachedNetwork | undefined> {
    return await this.#network.recall(id);
  }

  async collectGarbage(valid: () => readonly string[], signal: AbortSignal): Promise<void> {
    await this.#network.collectGarbage(valid, signal);
  }

  status(): NetworkStatus {
    return this.#network.status();
  }

  #identity({ id, metadata }: Sandbox, netnsPath: string): Parameters<PodNetwork['detach']>[0] {
    const { name, namespace, uid } = metadata;
    return { sandboxId: id, name, namespace, uid, netnsPath, confDirectory: this.#confDirectory };
  }
}
