import { KeyedMutex, type Logger, RuntimeError } from '@crihub/kernel';
import { type Attachment, type AttachmentKey, existingNetns, validateAttachmentKey } from './attachment.ts';
import { isAtLeast } from './cni-version.ts';
import { buildCall, type ChainStep } from './execution-config.ts';
import type { NetworkList, PluginConfig } from './network-list.ts';
import { type NetworkResult, parseNetworkResult, type RawResult, restateResult } from './network-result.ts';
import { OperationGate } from './operation-gate.ts';
import { saysContainerUnknown } from './plugin-failure.ts';
import { type CniTimeouts, describeCall, parsePluginOutput, PluginRunner } from './plugin-runner.ts';
import { type CacheEntry, ResultCache } from './result-cache.ts';

export interface CniRuntimeOptions {
  /** Where plugins are searched, in order; `/opt/cni/bin` and Debian's `/usr/lib/cni` by default. */
  readonly binDirectories?: readonly string[];
  /** libcni's cache; `/var/lib/cni` by default. */
  readonly cacheDirectory?: string;
  readonly timeouts?: Partial<CniTimeouts>;
}

/** Carries out the operations of CNI 1.1 on networks, as libcni does. */
export class CniRuntime {
  readonly #plugins: PluginRunner;
  readonly #cache: ResultCache;
  readonly #logger: Logger;
  readonly #attachments = new KeyedMutex<string>();
  readonly #networks = new OperationGate<string>();

  constructor(options: CniRuntimeOptions, { logger }: { readonly logger: Logger }) {
    this.#plugins = new PluginRunner({
      binDirectories: options.binDirectories ?? ['/opt/cni/bin', '/usr/lib/cni'],
      ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }),
    });
    this.#cache = new ResultCache({ directory: options.cacheDirectory ?? '/var/lib/cni' }, { logger });
    this.#logger = logger;
  }

  /**
   * Attaches a pod. Before the first plugin runs, the network and its arguments are in the cache, so that
   * `del` undoes also what fails half way or is cut off by a crash. After a failure the caller owes a `del`.
   */
  async add(network: NetworkList, attachment: Attachment, signal?: AbortSignal): Promise<NetworkResult> {
    return await this.#alone(
      attachment,
      async () => {
        // CNI forbids a second ADD without a DEL between: what an earlier attempt left goes first.
        for (const entry of await this.#cache.find(attachment)) await this.#undo(entry, signal);
        return await this.#networks.shared(
          network.name,
          () => this.#addChain(network, attachment, signal),
          signal,
        );
      },
      signal,
    );
  }

  /** The result of the ADD that made this attachment, if it succeeded; the plugins are not asked. */
  async recall(key: AttachmentKey): Promise<{ network: NetworkList; result: NetworkResult } | undefined> {
    validateAttachmentKey(key);
    for (const { network, result } of await this.#cache.find(key)) {
      if (result === undefined) continue;
      return { network, result: parseNetworkResult(result, network.cniVersion, 'the CNI cache') };
    }
    return undefined;
  }

  /** @throws the first plugin's error, or NotFound if the pod was not attached. */
  async check(key: AttachmentKey, signal?: AbortSignal): Promise<void> {
    await this.#alone(
      key,
      async () => {
        const [entry] = await this.#cache.find(key);
        if (entry?.result === undefined) {
          throw new RuntimeError('NotFound', `${key.containerId} has no CNI attachment ${key.interfaceName}`);
        }
        await this.#checkChain(entry, entry.result, signal);
      },
      signal,
    );
  }

  /**
   * Detaches a pod from every network that the cache knows it to be on, with the configuration of the
   * time of ADD. Without a cache entry the plugins of `fallback` run, if there is one; if there is none
   * either, nothing was attached. May be repeated.
   * @throws the first plugin's error; the entry stays, and the call has to be repeated later.
   */
  async del(attachment: Attachment, fallback: NetworkList | undefined, signal?: AbortSignal): Promise<void> {
    await this.#alone(
      attachment,
      async () => {
        const known = await this.#cache.find(attachment);
        const guess = fallback === undefined ? [] : [{ attachment, network: fallback, result: undefined }];
        for (const entry of known.length > 0 ? known : guess) await this.#undo(entry, signal);
      },
      signal,
    );
  }

  /** Asks the plugins whether ADD would work; before CNI 1.1 they can't tell, and silence is a yes. */
  async status(network: NetworkList, signal?: AbortSignal): Promise<void> {
    if (!isAtLeast(network.cniVersion, '1.1.0')) return;
    for (const plugin of network.plugins) await this.#call(network, plugin, { command: 'STATUS' }, signal);
  }

  /**
   * Deletes the network's attachments that are not valid, then tells the plugins which are (CNI 1.1), for
   * them to release the rest. `valid` is asked while no pod is being attached to this network, so a pod
   * that is recorded before its ADD is never taken for a stale one. Every step is tried.
   * @throws AggregateError of all that failed.
   */
  async gc(network: NetworkList, valid: () => readonly AttachmentKey[], signal?: AbortSignal): Promise<void> {
    if (network.disableGC) return;
    const failures: unknown[] = [];
    const attempt = (work: Promise<unknown>): Promise<unknown> =>
      work.catch((e: unknown) => failures.push(e));
    const entries = await this.#cache.ofNetwork(network.name);
    const keep = new Set(valid().map(identify));
    for (const { attachment } of entries.filter((entry) => !keep.has(identify(entry.attachment)))) {
      this.#logger.info('stale cni attachment is deleted', { id: attachment.containerId });
      await attempt(this.del(attachment, undefined, signal));
    }
    if (isAtLeast(network.cniVersion, '1.1.0')) {
      const collect = async (): Promise<void> => {
        const attachments = valid().map(toGcAttachment);
        // The second is the name that the first readers of CNI 1.1 looked for; libcni sends both.
        const extra = { 'cni.dev/valid-attachments': attachments, 'cni.dev/attachments': attachments };
        for (const plugin of network.plugins) {
          await attempt(this.#call(network, plugin, { command: 'GC', extra }, signal));
        }
      };
      await this.#networks.exclusive(network.name, collect, signal);
    }
    signal?.throwIfAborted();
    if (failures.length > 0)
      throw new AggregateError(failures, `CNI GC of network ${network.name} is incomplete`);
  }

  async #addChain(
    network: NetworkList,
    attachment: Attachment,
    signal: AbortSignal | undefined,
  ): Promise<NetworkResult> {
    await this.#cache.write({ attachment, network, result: undefined });
    let result: NetworkResult | undefined;
    for (const plugin of network.plugins) {
      const step: ChainStep = { command: 'ADD', attachment, prevResult: result?.raw };
      const call = buildCall(network, plugin, step);
      const output = parsePluginOutput(await this.#plugins.call(call, signal), call);
      result = parseNetworkResult(output, network.cniVersion, describeCall(call));
    }
    if (result === undefined) throw new RuntimeError('Internal', `network ${network.name} has no plugins`);
    await this.#cache.write({ attachment, network, result: result.raw });
    return result;
  }

  async #checkChain(
    { network, attachment }: CacheEntry,
    result: RawResult,
    signal?: AbortSignal,
  ): Promise<void> {
    // CHECK came with CNI 0.4.0.
    if (network.disableCheck || !isAtLeast(network.cniVersion, '0.4.0')) return;
    const step: ChainStep = { command: 'CHECK', attachment, prevResult: restated(result, network) };
    for (const plugin of network.plugins) await this.#call(network, plugin, step, signal);
  }

  async #undo(entry: CacheEntry, signal: AbortSignal | undefined): Promise<void> {
    await this.#networks.shared(entry.network.name, () => this.#deleteChain(entry, signal), signal);
  }

  async #deleteChain({ network, attachment, result }: CacheEntry, signal?: AbortSignal): Promise<void> {
    const netns = await existingNetns(attachment.netns);
    const step: ChainStep = {
      command: 'DEL',
      attachment: { ...attachment, netns },
      // Results are passed to DEL since CNI 0.4.0.
      prevResult: isAtLeast(network.cniVersion, '0.4.0') ? restated(result, network) : undefined,
    };
    for (const plugin of network.plugins.toReversed()) {
      try {
        await this.#call(network, plugin, step, signal);
      } catch (error) {
        if (!saysContainerUnknown(error)) throw error;
      }
    }
    await this.#cache.remove(network.name, attachment);
  }

  async #call(
    network: NetworkList,
    plugin: PluginConfig,
    step: ChainStep,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#plugins.call(buildCall(network, plugin, step), signal);
  }

  async #alone<T>(key: AttachmentKey, work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    validateAttachmentKey(key);
    return await this.#attachments.run(identify(key), work, signal);
  }
}

const restated = (result: RawResult | undefined, network: NetworkList): RawResult | undefined =>
  result === undefined ? undefined : restateResult(result, network.cniVersion, 'the CNI cache');

const identify = ({ containerId, interfaceName }: AttachmentKey): string => `${containerId}/${interfaceName}`;

const toGcAttachment = ({ containerId, interfaceName }: AttachmentKey): unknown => ({
  containerID: containerId,
  ifname: interfaceName,
});
