import type { Container, Resources } from '@crihub/contract';
import { type ContainerId, describeError, type Logger, type SandboxId } from '@crihub/kernel';
import type { Nri, PluginHost, PodView, Requests } from '@crihub/service-nri';
import type { ContainerRecord } from '../records/container-record.ts';
import type { SandboxRecord } from '../records/sandbox-record.ts';
import { containerView, podView } from './plugin-views.ts';

export interface PluginsDeps {
  readonly nri: Nri;
  readonly host: Pick<PluginHost, 'update' | 'evict'>;
  readonly podOf: (container: ContainerRecord) => SandboxRecord | undefined;
  readonly logger: Logger;
}

/**
 * What the use cases tell the node's plugins, and when. A plugin can refuse what makes or changes something; what ends
 * something goes on whatever a plugin says, and is told once.
 */
export class Plugins {
  readonly #deps: PluginsDeps;
  readonly #askedPods = new Set<SandboxId>();
  readonly #askedContainers = new Set<ContainerId>();
  readonly #stoppedPods = new Set<SandboxId>();
  /** Ends of containers that plugins are being told of. */
  readonly #ends = new Map<ContainerId, Promise<void>>();

  constructor(deps: PluginsDeps) {
    this.#deps = deps;
  }

  /** The pod runs, and nobody sees it yet. @throws FailedPrecondition if a plugin refuses it. */
  async runPod(record: SandboxRecord): Promise<void> {
    this.#askedPods.add(record.id);
    await this.#deps.nri.runPod(podView(record));
  }

  podListed({ id }: SandboxRecord): void {
    this.#askedPods.delete(id);
    this.#deps.nri.podSettled(id);
  }

  /** A creation failed; plugins that were asked about the pod hear that it is gone. */
  async podGivenUp(record: SandboxRecord): Promise<void> {
    if (!this.#askedPods.delete(record.id)) return;
    this.#deps.nri.podSettled(record.id);
    await this.removePod(record);
  }

  async updatePod(record: SandboxRecord, overhead: Resources, resources: Resources): Promise<void> {
    await this.#deps.nri.updatePod(podView(record), overhead, resources);
  }

  async podUpdated(record: SandboxRecord): Promise<void> {
    await this.#announce('pod updated', record.id, this.#deps.nri.podUpdated(podView(record)));
  }

  /** Containers of the pod have ended, its network and its backend are still there. */
  async stopPod(record: SandboxRecord): Promise<void> {
    if (this.#stoppedPods.has(record.id)) return;
    this.#stoppedPods.add(record.id);
    await this.#announce('pod stopped', record.id, this.#deps.nri.stopPod(podView(record)));
  }

  async removePod(record: SandboxRecord): Promise<void> {
    this.#stoppedPods.delete(record.id);
    await this.#announce('pod removed', record.id, this.#deps.nri.removePod(podView(record)));
  }

  /** @returns the container as plugins have adjusted it. @throws what `Nri.createContainer` throws. */
  async createContainer(pod: SandboxRecord, record: ContainerRecord): Promise<Container> {
    this.#askedContainers.add(record.id);
    const { container, ...requests } = await this.#deps.nri.createContainer(
      podView(pod),
      containerView(record),
    );
    await this.#perform(requests);
    return container;
  }

  /** A creation failed; plugins that were asked about the container hear that it is gone. */
  async containerGivenUp(record: ContainerRecord): Promise<void> {
    if (!this.#askedContainers.delete(record.id)) return;
    this.#deps.nri.containerSettled(record.id);
    this.containerEnded(record);
    await this.removeContainer(record);
  }

  async containerCreated(record: ContainerRecord): Promise<void> {
    this.#askedContainers.delete(record.id);
    this.#deps.nri.containerSettled(record.id);
    const told = this.#deps.nri.containerCreated(this.#podOf(record), containerView(record));
    await this.#announce('container created', record.id, told);
  }

  /** @throws FailedPrecondition if a plugin refuses. */
  async startContainer(record: ContainerRecord): Promise<void> {
    await this.#deps.nri.startContainer(this.#podOf(record), containerView(record));
  }

  async containerStarted(record: ContainerRecord): Promise<void> {
    const told = this.#deps.nri.containerStarted(this.#podOf(record), containerView(record));
    await this.#announce('container started', record.id, told);
  }

  /** @returns what is to be changed after all. @throws what `Nri.updateContainer` throws. */
  async updateContainer(record: ContainerRecord, change: Resources): Promise<Resources> {
    const { change: wanted, ...requests } = await this.#deps.nri.updateContainer(
      this.#podOf(record),
      containerView(record),
      change,
    );
    await this.#perform(requests);
    return wanted;
  }

  async containerUpdated(record: ContainerRecord): Promise<void> {
    const told = this.#deps.nri.containerUpdated(this.#podOf(record), containerView(record));
    await this.#announce('container updated', record.id, told);
  }

  /** It has ended by itself, was stopped, or will never run. Told in order, and not waited for here. */
  containerEnded(record: ContainerRecord): void {
    const told = this.#tellEnd(record).finally(() => this.#ends.delete(record.id));
    this.#ends.set(record.id, told);
  }

  /** Resolves when plugins have heard of the container's end, if they are being told. */
  async endTold(id: ContainerId): Promise<void> {
    await this.#ends.get(id);
  }

  async removeContainer(record: ContainerRecord): Promise<void> {
    const told = this.#deps.nri.removeContainer(this.#podOf(record), containerView(record));
    await this.#announce('container removed', record.id, told);
  }

  async #tellEnd(record: ContainerRecord): Promise<void> {
    await this.#announce('container ended', record.id, this.#end(record));
  }

  async #end(record: ContainerRecord): Promise<void> {
    await this.#perform(await this.#deps.nri.stopContainer(this.#podOf(record), containerView(record)));
  }

  #podOf(record: ContainerRecord): PodView {
    const pod = this.#deps.podOf(record);
    if (pod === undefined) throw new Error(`container ${record.id} has no pod sandbox`);
    return podView(pod);
  }

  /** Something has happened already: what a plugin says to it changes nothing, and is logged. */
  async #announce(what: string, id: string, told: Promise<void>): Promise<void> {
    try {
      await told;
    } catch (error) {
      this.#deps.logger.warn('an NRI plugin failed to take note', { what, id, error: describeError(error) });
    }
  }

  /** @throws if an update fails that must not. Evictions go their own way. */
  async #perform({ updates, evictions }: Requests): Promise<void> {
    const { host, logger } = this.#deps;
    for (const update of updates)
      try {
        await host.update(update);
      } catch (error) {
        if (!update.ignoreFailure) throw error;
        logger.warn('an update by an NRI plugin failed', {
          container: update.id,
          error: describeError(error),
        });
      }
    for (const eviction of evictions)
      void host.evict(eviction).catch((error: unknown) => {
        logger.warn('an eviction by an NRI plugin failed', {
          container: eviction.id,
          error: describeError(error),
        });
      });
  }
}
