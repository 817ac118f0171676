import type { Duplex } from 'node:stream';
import type { Container, Resources } from '@crihub/contract';
import { describeError, type Logger, RuntimeError, Semaphore } from '@crihub/kernel';
import type { UpdateContainersRequest, UpdateContainersResponse } from '@crihub/wire/nri';
import { Creation } from './adjust/creation.ts';
import { Owners } from './adjust/owners.ts';
import { Updates } from './adjust/updates.ts';
import { InTheMaking } from './in-the-making.ts';
import type { ContainerView, PluginHost, PodView, Requests } from './model.ts';
import { type HookName, hooks, type PlainHookName } from './plugin/events.ts';
import { type HandshakeOptions, shakeHands } from './plugin/handshake.ts';
import { isLost, Plugin, type PluginObserver, refusal, type Subject } from './plugin/plugin.ts';
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
  readonly #deps: NriDeps;
  readonly #turn = new Semaphore(1);
  readonly #making = new InTheMaking();
  readonly #connected = new Set<Plugin>();
  /** Those that take part, in order. */
  #plugins: readonly Plugin[] = [];

  constructor(options: NriOptions, deps: NriDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** The names of the plugins that take part, in the order in which they are called. */
  get plugins(): readonly string[] {
    return this.#plugins.map(({ name }) => name);
  }

  /** Lets a plugin in by its socket. Resolves when it takes part, or was cut off; never rejects. */
  async connect(socket: Duplex): Promise<void> {
    const { observer, logger } = this.#deps;
    const plugin = new Plugin(socket, {
      observer,
      updateContainers: (sender, request) => this.#updateContainers(sender, request),
    });
    this.#connected.add(plugin);
    void plugin.closed.then((why) => this.#forget(plugin, why.message));
    try {
      await shakeHands(plugin, this.#options);
      await this.#admit(plugin);
    } catch (error) {
      logger.warn('an NRI plugin could not join', { plugin: plugin.name, error: describeError(error) });
      plugin.close('it could not join');
    }
  }

  /** Cuts all plugins off. */
  close(): void {
    for (const plugin of this.#connected) plugin.close('the runtime stops');
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
    await this.#turn.run(async () => {
      await this.#eachInTurn('createContainer', async (plugin) => {
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
    await this.#turn.run(async () => this.#eachInTurn(hook, work));
  }

  /** The caller has the turn. */
  async #eachInTurn(hook: HookName, work: (plugin: Plugin) => Promise<void>): Promise<void> {
    for (const plugin of this.#plugins) {
      if (!plugin.wants(hook)) continue;
      try {
        await work(plugin);
      } catch (error) {
        if (!isLost(error)) throw refusal(plugin, hook, error);
        plugin.close(describeError(error));
      }
    }
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
      plugins: this.#plugins.map(({ identity }) => identity),
    };
    for (const plugin of this.#plugins.filter((candidate) =>
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

  /** Tells a plugin of all that exists; nothing that begins meanwhile is lost, since it waits for its turn. */
  async #admit(plugin: Plugin): Promise<void> {
    const { host, logger } = this.#deps;
    const updates = new Updates(new Owners());
    await this.#turn.run(async () => {
      const { pods, containers } = this.#making.with(host.snapshot());
      const timeout = this.#options.registrationTimeoutMs;
      const asked = await synchronize(plugin, pods.map(renderPod), containers.map(renderContainer), timeout);
      updates.add(plugin.name, asked);
      if (!this.#connected.has(plugin)) return; // it left meanwhile
      this.#plugins = [...this.#plugins, plugin].sort((a, b) =>
        a.identity.index.localeCompare(b.identity.index),
      );
    });
    logger.info('an NRI plugin joined', { plugin: plugin.name, order: this.plugins });
    await this.#perform(updates.requests);
  }

  async #updateContainers(
    plugin: Plugin,
    { update, evict }: UpdateContainersRequest,
  ): Promise<UpdateContainersResponse> {
    if (!this.#plugins.includes(plugin))
      throw new RuntimeError(
        'FailedPrecondition',
        'a plugin can ask for updates once it was told of all containers',
      );
    const updates = new Updates(new Owners());
    updates.add(plugin.name, update, evict);
    const failed = await this.#perform(updates.requests);
    return { failed: update.filter(({ containerId }) => failed.has(containerId)) };
  }

  /** Does what nobody waits for but the plugin. @returns the ids of the containers for which it failed. */
  async #perform({ updates, evictions }: Requests): Promise<ReadonlySet<string>> {
    const { host, logger } = this.#deps;
    const failed = new Set<string>();
    const attempt = async (id: string, work: Promise<void>): Promise<void> => {
      try {
        await work;
      } catch (error) {
        failed.add(id);
        logger.warn('what an NRI plugin asked for failed', { container: id, error: describeError(error) });
      }
    };
    for (const update of updates) await attempt(update.id, host.update(update));
    for (const eviction of evictions) await attempt(eviction.id, host.evict(eviction));
    return failed;
  }

  #forget(plugin: Plugin, why: string): void {
    this.#connected.delete(plugin);
    if (!this.#plugins.includes(plugin)) return;
    this.#plugins = this.#plugins.filter((other) => other !== plugin);
    this.#deps.logger.warn('an NRI plugin left', { plugin: plugin.name, reason: why });
  }
}

const subject = (pod: PodView, view: ContainerView): Required<Subject> => ({
  pod: renderPod(pod),
  container: renderContainer(view),
});
