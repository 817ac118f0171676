import type { Duplex } from 'node:stream';
import { describeError, type Logger, RuntimeError, Semaphore } from '@crihub/kernel';
import type { ContainerUpdate, UpdateContainersRequest, UpdateContainersResponse } from '@crihub/wire/nri';
import { type HookName } from './events.ts';
import { type HandshakeOptions, shakeHands } from './handshake.ts';
import { isLost, Plugin, type PluginObserver, refusal } from './plugin.ts';

export interface PluginSetDeps {
  /** Tells a plugin of all that exists. @returns what it wants to be changed. */
  readonly synchronize: (plugin: Plugin) => Promise<readonly ContainerUpdate[]>;
  /** Does what a plugin asks for out of turn. @returns the ids of the containers for which it failed. */
  readonly perform: (
    plugin: Plugin,
    request: Partial<UpdateContainersRequest>,
  ) => Promise<ReadonlySet<string>>;
  readonly observer: PluginObserver;
  readonly logger: Logger;
}

/** The plugins that take part, in the order of their indexes, called for one event of the node at a time. */
export class PluginSet {
  readonly #options: HandshakeOptions;
  readonly #deps: PluginSetDeps;
  readonly #turn = new Semaphore(1);
  readonly #connected = new Set<Plugin>();
  #members: readonly Plugin[] = [];

  constructor(options: HandshakeOptions, deps: PluginSetDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  get members(): readonly Plugin[] {
    return this.#members;
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

  /** Waits until nothing else is told to plugins, in order of arrival, and keeps it so. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    return await this.#turn.run(work);
  }

  /**
   * Calls the plugins that want a hook one after the other; the caller has the turn. One that is gone or does not
   * answer is cut off, and the others are called.
   * @throws FailedPrecondition if one refuses.
   */
  async each(hook: HookName, work: (plugin: Plugin) => Promise<void>): Promise<void> {
    for (const plugin of this.#members) {
      if (!plugin.wants(hook)) continue;
      try {
        await work(plugin);
      } catch (error) {
        if (!isLost(error)) throw refusal(plugin, hook, error);
        plugin.close(describeError(error));
      }
    }
  }

  /** What begins while the plugin is told of the rest waits for its turn, so that the plugin misses nothing. */
  async #admit(plugin: Plugin): Promise<void> {
    const { synchronize, perform, logger } = this.#deps;
    const update = await this.inTurn(async () => {
      const asked = await synchronize(plugin);
      if (!this.#connected.has(plugin)) throw new RuntimeError('Unavailable', 'it left');
      this.#members = [...this.#members, plugin].sort((a, b) =>
        a.identity.index.localeCompare(b.identity.index),
      );
      return asked;
    });
    logger.info('an NRI plugin joined', {
      plugin: plugin.name,
      order: this.#members.map(({ name }) => name),
    });
    await perform(plugin, { update });
  }

  async #updateContainers(
    plugin: Plugin,
    request: UpdateContainersRequest,
  ): Promise<UpdateContainersResponse> {
    if (!this.#members.includes(plugin))
      throw new RuntimeError(
        'FailedPrecondition',
        'a plugin can ask for updates once it was told of all containers',
      );
    const failed = await this.#deps.perform(plugin, request);
    return { failed: request.update.filter(({ containerId }) => failed.has(containerId)) };
  }

  #forget(plugin: Plugin, why: string): void {
    this.#connected.delete(plugin);
    if (!this.#members.includes(plugin)) return;
    this.#members = this.#members.filter((other) => other !== plugin);
    this.#deps.logger.warn('an NRI plugin left', { plugin: plugin.name, reason: why });
  }
}
