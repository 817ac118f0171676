import type { Duplex } from 'node:stream';
import type { Container, Resources } from '@crihub/contract';
import { describeError, type Logger, RuntimeError } from '@crihub/kernel';
import type { ContainerUpdate as WireUpdate } from '@crihub/wire/nri';
import { Creation } from './adjust/creation.ts';
import { Owners } from './adjust/owners.ts';
import { Updates } from './adjust/updates.ts';
import { InTheMaking } from './in-the-making.ts';
import type { ContainerView, PluginHost, PodView, Requests } from './model.ts';
import { perform } from './perform.ts';
import { type HookName, hooks, type PlainHookName } from './plugin/events.ts';
import type { HandshakeOptions } from './plugin/handshake.ts';
import { isLost, type Plugin, type PluginObserver, refusal, type Subject } from './plugin/plugin.ts';
import { PluginSet } from './plugin/plugin-set.ts';
import { synchronize } from './plugin/synchronize.ts';
import { renderContainer } from './render/container.ts';
import { renderPod } from './render/pod.ts';
import { renderResources } from './render/resources.ts';

export type NriOptions = HandshakeOptions;

export interface NriDeps {
  readonly host: PluginHost;
  readonly observer: PluginObserver;
  readonly logger: Logger;
}

/**
 * The Node Resource Interface: plugins hear of what happens to pods and containers, may refuse it, and adjust
 * containers in the making. They are called one after the other in the order of their indexes, for one event of the node
 * at a time. One that is gone or does not answer is cut off, and what was asked goes on without it.
 */
export class Nri {
  readonly #options: NriOptions;
  readonly #host: PluginHost;
  readonly #making = new InTheMaking();
  readonly #plugins: PluginSet;

  constructor(options: NriOptions, { host, observer, logger }: NriDeps) {
    this.#options = options;
    this.#host = host;
    this.#plugins = new PluginSet(options, {
      synchronize: (plugin) => this.#synchronize(plugin),
      perform: async (plugin, { update = [], evict = [] }) => {
        const updates = new Updates(new Owners());
        updates.add(plugin.name, update, evict);
        return await perform(updates.requests, host, logger);
      },
      observer,
      logger,
    });
  }

  /** The names of the plugins that take part, in the order in which they are called. */
  get plugins(): readonly string[] {
    return this.#plugins.members.map(({ name }) => name);
  }

  /** Lets a plugin in by its socket. Resolves when it takes part, or was cut off; never rejects. */
  async connect(socket: Duplex): Promise<void> {
    await this.#plugins.connect(socket);
  }

  /** Cuts all plugins off. */
  close(): void {
    this.#plugins.close();
  }

  /** @throws FailedPrecondition if a plugin refuses the pod. */
  async runPod(pod: PodView): Promise<void> {
    await this.#tell('runPodSandbox', { pod: renderPod(pod) });
    this.#making.addPod(pod);
  }

  /** The pod is listed from now on, or is given up. */
  podSettled(id: string): void {
    this.#making.delete(id);
  }

  async updatePod(pod: PodView, overhead: Resources, resources: Resources): Promise<void> {
    const request = {
      pod: renderPod(pod),
      overheadLinuxResources: renderResources(overhead),
      linuxResources: renderResources(resources),
    };
    await this.#each('updatePodSandbox', async (plugin) => {
      await plugin.call(hooks.updatePodSandbox.method, request, this.#options.requestTimeoutMs);
    });
  }

  async podUpdated(pod: PodView): Promise<void> {
    await this.#tell('postUpdatePodSandbox', { pod: renderPod(pod) });
  }

  async stopPod(pod: PodView): Promise<void> {
    await this.#tell('stopPodSandbox', { pod: renderPod(pod) });
  }

  async removePod(pod: PodView): Promise<void> {
    await this.#tell('removePodSandbox', { pod: renderPod(pod) });
  }

  /**
   * Asks the plugins to adjust a container in the making. Until `containerSettled` it counts as in the making.
   * @throws FailedPrecondition if a plugin refuses it or two plugins set the same; Unimplemented, InvalidArgument for
   * what can't be adjusted so.
   */
  async createContainer(
    pod: PodView,
    view: ContainerView,
  ): Promise<Requests & { readonly container: Container }> {
    const creation = new Creation(view.container);
    const asAdjusted = (): ContainerView => ({
      ...view,
      container: creation.container,
      resources: creation.container.resources,
    });
    const wirePod = renderPod(pod);
    await this.#plugins.inTurn(async () => {
      await this.#plugins.each('createContainer', async (plugin) => {
        const request = { pod: wirePod, container: renderContainer(asAdjusted()) };
        const answer = await plugin.call(
          hooks.createContainer.method,
          request,
          this.#options.requestTimeoutMs,
        );
        creation.add(plugin.name, answer);
      });
      await this.#validate(wirePod, view, creation);
      this.#making.addContainer(asAdjusted());
    });
    return { container: creation.container, ...creation.requests };
  }

  /** The container is listed from now on, or is given up. */
  containerSettled(id: string): void {
    this.#making.delete(id);
  }

  async containerCreated(pod: PodView, view: ContainerView): Promise<void> {
    await this.#tell('postCreateContainer', subject(pod, view));
  }

  async startContainer(pod: PodView, view: ContainerView): Promise<void> {
    await this.#tell('startContainer', subject(pod, view));
  }

  async containerStarted(pod: PodView, view: ContainerView): Promise<void> {
    await this.#tell('postStartContainer', subject(pod, view));
  }

  /** @returns what is to be changed in the container after all, and what plugins want for others. */
  async updateContainer(
    pod: PodView,
    view: ContainerView,
    change: Resources,
  ): Promise<Requests & { readonly change: Resources }> {
    const updates = new Updates(new Owners());
    let changed = change;
    await this.#each('updateContainer', async (plugin) => {
      const request = { ...subject(pod, view), linuxResources: renderResources(changed) };
      const answer = await plugin.call(hooks.updateContainer.method, request, this.#options.requestTimeoutMs);
      updates.add(plugin.name, answer.update, answer.evict);
      changed = { ...changed, ...updates.take(view.container.id) };
    });
    return { change: changed, ...updates.requests };
  }

  async containerUpdated(pod: PodView, view: ContainerView): Promise<void> {
    await this.#tell('postUpdateContainer', subject(pod, view));
  }

  /** @returns what plugins want for others, now that the container has ended. */
  async stopContainer(pod: PodView, view: ContainerView): Promise<Requests> {
    const updates = new Updates(new Owners());
    await this.#each('stopContainer', async (plugin) => {
      const answer = await plugin.call(
        hooks.stopContainer.method,
        subject(pod, view),
        this.#options.requestTimeoutMs,
      );
      updates.add(plugin.name, answer.update);
    });
    return updates.requests;
  }

  async removeContainer(pod: PodView, view: ContainerView): Promise<void> {
    await this.#tell('removeContainer', subject(pod, view));
  }

  async #tell(hook: PlainHookName, what: Subject): Promise<void> {
    await this.#each(hook, async (plugin) => plugin.tell(hook, what, this.#options.requestTimeoutMs));
  }

  async #each(hook: HookName, work: (plugin: Plugin) => Promise<void>): Promise<void> {
    await this.#plugins.inTurn(async () => this.#plugins.each(hook, work));
  }

  /** All validators must agree; one that is lost has not. */
  async #validate(pod: Subject['pod'], view: ContainerView, creation: Creation): Promise<void> {
    const { method } = hooks.validateContainerAdjustment;
    const request = {
      pod,
      container: renderContainer(view),
      adjust: creation.adjustment,
      update: [],
      owners: creation.owners,
      plugins: this.#plugins.members.map(({ identity }) => identity),
    };
    for (const plugin of this.#plugins.members.filter((candidate) =>
      candidate.wants('validateContainerAdjustment'),
    )) {
      const { reject, reason } = await plugin
        .call(method, request, this.#options.requestTimeoutMs)
        .catch((error: unknown) => {
          if (isLost(error)) plugin.close(describeError(error));
          throw refusal(plugin, 'the adjusted container', error);
        });
      if (reject)
        throw refusal(plugin, 'the adjusted container', new RuntimeError('FailedPrecondition', reason));
    }
  }

  async #synchronize(plugin: Plugin): Promise<readonly WireUpdate[]> {
    const { pods, containers } = this.#making.with(this.#host.snapshot());
    const timeout = this.#options.registrationTimeoutMs;
    return await synchronize(plugin, pods.map(renderPod), containers.map(renderContainer), timeout);
  }
}

const subject = (pod: PodView, view: ContainerView): Required<Subject> => ({
  pod: renderPod(pod),
  container: renderContainer(view),
});
