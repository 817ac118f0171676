import type { PodNetworkAttachment } from '@crihub/contract';
import { type Logger, RuntimeError } from '@crihub/kernel';
import { type Attachment, type AttachmentKey, podArgs } from './attachment.ts';
import { capabilitiesOf, type PodNetworkWishes } from './capabilities.ts';
import { CniRuntime, type CniRuntimeOptions } from './cni-runtime.ts';
import { NetworkConfigs } from './network-configs.ts';
import type { NetworkAddress, NetworkResult } from './network-result.ts';
import {
  type NetworkStatus,
  NetworkStatusMonitor,
  type NetworkStatusOptions,
  type ProbeResult,
} from './network-status.ts';
import { type IpPreference, podAddresses, podInterface } from './pod-addresses.ts';
import { parsePodCidr } from './pod-cidr.ts';

export interface PodNetworkOptions {
  /** Where networks are configured; `/etc/cni/net.d` by default. */
  readonly confDirectory?: string;
  /** Directories that handlers have instead; others are loaded when a pod first names them. */
  readonly handlerConfDirectories?: readonly string[];
  readonly cni?: CniRuntimeOptions;
  readonly status?: NetworkStatusOptions;
  /** `ipv4` by default. */
  readonly ipPreference?: IpPreference;
  /** The last value given to `setPodCidr`, from before a restart. */
  readonly podCidr?: string;
}

/** Which pod, as the plugins get to know it. */
export interface PodIdentity {
  readonly sandboxId: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** Path of the pod's network namespace. */
  readonly netnsPath: string;
  /** The handler's own network lists, in place of the node's. */
  readonly confDirectory?: string | undefined;
}

export interface PodNetworkRequest extends PodIdentity, PodNetworkWishes {}

export interface PodNetworkResult {
  /** Without prefix length, primary address first; never empty. */
  readonly ips: readonly string[];
  readonly networkName: string;
  /** What a backend needs to know. */
  readonly attachment: PodNetworkAttachment;
  /** The plugins' own result. */
  readonly raw: NetworkResult['raw'];
}

const INTERFACE_NAME = 'eth0';

/** The pods' network of this node: what the hub asks for, carried out by CNI. */
export class PodNetwork {
  readonly #confDirectory: string;
  readonly #handlerConfDirectories: readonly string[];
  readonly #ipPreference: IpPreference;
  readonly #cni: CniRuntime;
  readonly #logger: Logger;
  readonly #configs = new Map<string, Promise<NetworkConfigs>>();
  readonly #status: NetworkStatusMonitor;
  #podSubnets: readonly string[];

  constructor(options: PodNetworkOptions, { logger }: { readonly logger: Logger }) {
    this.#confDirectory = options.confDirectory ?? '/etc/cni/net.d';
    this.#handlerConfDirectories = options.handlerConfDirectories ?? [];
    this.#ipPreference = options.ipPreference ?? 'ipv4';
    this.#podSubnets = parsePodCidr(options.podCidr ?? '');
    this.#logger = logger;
    this.#cni = new CniRuntime(options.cni ?? {}, { logger });
    this.#status = new NetworkStatusMonitor(options.status ?? {}, {
      logger,
      probe: (signal) => this.#probe(signal),
    });
  }

  /** Loads the node's networks and asks for their status once. A node without a network starts too. */
  async start(signal?: AbortSignal): Promise<void> {
    const directories = [this.#confDirectory, ...this.#handlerConfDirectories];
    await Promise.all(directories.map((directory) => this.#configsOf(directory)));
    await this.#status.start(signal);
  }

  async close(): Promise<void> {
    await this.#status.close();
    await Promise.all([...this.#configs.values()].map(async (configs) => (await configs).close()));
  }

  /**
   * Gives a pod its network. After a failure, also one of time, the caller owes a `detach`.
   * @throws Unavailable if there is no network yet, InvalidArgument for impossible wishes, else the plugin's error.
   */
  async attach(request: PodNetworkRequest, signal?: AbortSignal): Promise<PodNetworkResult> {
    const attachment = this.#attachmentOf(request, capabilitiesOf(request, this.#podSubnets));
    const configs = await this.#configsOf(request.confDirectory);
    const network = configs.default;
    if (network === undefined) throw new RuntimeError('Unavailable', configs.describeAbsence());
    return this.#resultOf(network.name, await this.#cni.add(network, attachment, signal));
  }

  /** What an earlier `attach` gave the pod, as the plugins' cache has it; `undefined` if none succeeded. */
  async recall(sandboxId: string): Promise<PodNetworkResult | undefined> {
    const made = await this.#cni.recall(keyOf(sandboxId));
    return made === undefined ? undefined : this.#resultOf(made.network.name, made.result);
  }

  /**
   * Takes a pod off its network; may be repeated, and the namespace may be gone.
   * @throws the plugin's error; the call has to be repeated until it succeeds.
   */
  async detach(pod: PodIdentity, signal?: AbortSignal): Promise<void> {
    const configs = await this.#configsOf(pod.confDirectory);
    await this.#cni.del(this.#attachmentOf(pod, {}), configs.default, signal);
  }

  /** Asks the plugins whether the pod's network is as it was made. */
  async check(sandboxId: string, signal?: AbortSignal): Promise<void> {
    await this.#cni.check(keyOf(sandboxId), signal);
  }

  /**
   * Releases what pods that no longer exist have left in the networks that are configured now. `sandboxIds`
   * is asked more than once, and must hold every pod whose `attach` may have begun.
   * @throws AggregateError of all that failed.
   */
  async collectGarbage(sandboxIds: () => readonly string[], signal?: AbortSignal): Promise<void> {
    const failures: unknown[] = [];
    for (const configs of await Promise.all(this.#configs.values())) {
      for (const network of configs.loaded.networks) {
        const valid = (): AttachmentKey[] => sandboxIds().map(keyOf);
        await this.#cni.gc(network, valid, signal).catch((error: unknown) => failures.push(error));
        signal?.throwIfAborted();
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'CNI garbage collection is incomplete');
  }

  /** Whether pods can get a network; asked in the background, answered from memory. */
  status(): NetworkStatus {
    return this.#status.current;
  }

  /**
   * The pod subnets of this node, from UpdateRuntimeConfig, for plugins with the `ipRanges` capability.
   * Pods that run keep theirs. The caller keeps the text over a restart. @throws InvalidArgument
   */
  setPodCidr(text: string): void {
    this.#podSubnets = parsePodCidr(text);
  }

  #resultOf(networkName: string, result: NetworkResult): PodNetworkResult {
    const addresses = podAddresses(result, INTERFACE_NAME, this.#ipPreference);
    return {
      ips: addresses.map(({ address }) => address),
      networkName,
      attachment: describeAttachment(result, addresses),
      raw: result.raw,
    };
  }

  async #probe(signal: AbortSignal): Promise<ProbeResult> {
    const configs = await this.#configsOf(undefined);
    if (configs.default === undefined) return { state: 'missing', message: configs.describeAbsence() };
    await this.#cni.status(configs.default, signal);
    return { state: 'ready' };
  }

  async #configsOf(handlerDirectory: string | undefined): Promise<NetworkConfigs> {
    const directory = handlerDirectory ?? this.#confDirectory;
    const known = this.#configs.get(directory);
    if (known !== undefined) return await known;
    const opening = this.#open(directory);
    this.#configs.set(directory, opening);
    return await opening;
  }

  async #open(directory: string): Promise<NetworkConfigs> {
    const onChange = (): void => {
      if (directory === this.#confDirectory) void this.#status.refresh();
    };
    const configs = new NetworkConfigs({ directory }, { logger: this.#logger, onChange });
    await configs.start();
    return configs;
  }

  #attachmentOf(pod: PodIdentity, capabilities: Attachment['capabilities']): Attachment {
    return { ...keyOf(pod.sandboxId), netns: pod.netnsPath, args: podArgs(pod), capabilities };
  }
}

const keyOf = (sandboxId: string): AttachmentKey => ({
  containerId: sandboxId,
  interfaceName: INTERFACE_NAME,
});

function describeAttachment(
  result: NetworkResult,
  addresses: readonly NetworkAddress[],
): PodNetworkAttachment {
  const { mac, mtu } = podInterface(result, INTERFACE_NAME) ?? {};
  return {
    interfaceName: INTERFACE_NAME,
    ...(mac === undefined ? {} : { mac }),
    ...(mtu === undefined ? {} : { mtu }),
    addresses: addresses.map(({ cidr, gateway }) => ({
      cidr,
      ...(gateway === undefined ? {} : { gateway }),
    })),
    routes: result.routes.map(({ destination, gateway }) => ({
      destination,
      ...(gateway === undefined ? {} : { gateway }),
    })),
  };
}
