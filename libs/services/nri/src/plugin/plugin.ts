import type { Duplex } from 'node:stream';
import { describeError, kindOf, RuntimeError } from '@crihub/kernel';
import {
  Mux,
  serve,
  type ServedMethod,
  TtrpcClient,
  TtrpcServer,
  type UnaryMethod,
} from '@crihub/transport/ttrpc';
import { type Container, PluginService, type PodSandbox, RuntimeService } from '@crihub/wire/nri';
import type { UpdateContainersRequest, UpdateContainersResponse } from '@crihub/wire/nri';
import { bitOf, type HookName, hooks, type PlainHookName } from './events.ts';

/** The connections of NRI's mux. */
const PLUGIN_SERVICE = 1;
const RUNTIME_SERVICE = 2;

export interface PluginObserver {
  /** One call of one plugin. */
  observe(plugin: string, call: string, seconds: number, outcome: 'ok' | 'error'): void;
}

export interface PluginDeps {
  readonly observer: PluginObserver;
  /** Serves the unsolicited updates of the plugin. */
  readonly updateContainers: (
    plugin: Plugin,
    request: UpdateContainersRequest,
  ) => Promise<UpdateContainersResponse>;
}

export interface Registration {
  readonly name: string;
  /** Two digits; plugins are called in this order. */
  readonly index: string;
}

/** What a hook tells of. */
export interface Subject {
  readonly pod?: PodSandbox;
  readonly container?: Container;
}

/** A connected plugin. */
export class Plugin {
  readonly #mux: Mux;
  readonly #client: TtrpcClient;
  readonly #registered = Promise.withResolvers<Registration>();
  readonly #observer: PluginObserver;
  /** Hooks that this plugin knows as StateChange. */
  readonly #old = new Set<PlainHookName>();
  #identity: Registration = { name: 'unregistered', index: '' };
  /** Bits of the events that it wants; none before it is configured. */
  events = 0;

  constructor(socket: Duplex, deps: PluginDeps) {
    this.#observer = deps.observer;
    this.#mux = new Mux(socket);
    this.#client = new TtrpcClient(this.#mux.channel(PLUGIN_SERVICE));
    new TtrpcServer(this.#mux.channel(RUNTIME_SERVICE), this.#served(deps));
    void this.#mux.closed.then((why) => {
      this.#client.close(why);
      this.#registered.reject(why);
    });
    this.#registered.promise.catch(() => undefined); // told to whoever waits in `registered`
  }

  /** `10-name`, as people know it. */
  get name(): string {
    return this.#identity.index === ''
      ? this.#identity.name
      : `${this.#identity.index}-${this.#identity.name}`;
  }

  get identity(): Registration {
    return this.#identity;
  }

  /** Resolves once it has said who it is. @throws Unavailable if it leaves before. */
  get registered(): Promise<Registration> {
    return this.#registered.promise;
  }

  /** Resolves with why, once the connection is over. */
  get closed(): Promise<RuntimeError> {
    return this.#mux.closed;
  }

  wants(hook: HookName): boolean {
    return (this.events & bitOf(hooks[hook].event)) !== 0;
  }

  close(why: string): void {
    this.#mux.close(why);
  }

  async call<Req, Res>(method: UnaryMethod<Req, Res>, request: Req, timeoutMs: number): Promise<Res> {
    const start = performance.now();
    const tell = (outcome: 'ok' | 'error'): void =>
      this.#observer.observe(
        this.name,
        method.path.slice(method.path.lastIndexOf('/') + 1),
        (performance.now() - start) / 1000,
        outcome,
      );
    try {
      const response = await this.#client.call(method, request, timeoutMs);
      tell('ok');
      return response;
    } catch (error) {
      tell('error');
      throw error;
    }
  }

  /** A hook that only tells. Plugins from before NRI 0.12 get it as a StateChange. */
  async tell(hook: PlainHookName, { pod, container }: Subject, timeoutMs: number): Promise<void> {
    const { event, method } = hooks[hook];
    const request = { pod, container };
    if (!this.#old.has(hook))
      try {
        await this.call(method as UnaryMethod<typeof request, object>, request, timeoutMs);
        return;
      } catch (error) {
        if (kindOf(error) !== 'Unimplemented') throw error;
        this.#old.add(hook);
      }
    await this.call(PluginService.stateChange, { event, pod, container }, timeoutMs);
  }

  #served({ updateContainers }: PluginDeps): readonly ServedMethod[] {
    return [
      serve(RuntimeService.registerPlugin, async ({ pluginName, pluginIdx }) => {
        try {
          this.#register(pluginName, pluginIdx);
          return {};
        } catch (error) {
          this.#registered.reject(error);
          throw error;
        }
      }),
      serve(RuntimeService.updateContainers, (request) => updateContainers(this, request)),
    ];
  }

  #register(name: string, index: string): void {
    if (this.#identity.index !== '')
      throw new RuntimeError('FailedPrecondition', `this plugin is registered already, as ${this.name}`);
    if (!/^[\w.+-]+$/.test(name))
      throw new RuntimeError('InvalidArgument', `'${name}' is no name of a plugin: letters, digits, . _ + -`);
    if (!/^\d\d$/.test(index))
      throw new RuntimeError('InvalidArgument', `'${index}' is no index of a plugin: two digits`);
    this.#identity = { name, index };
    this.#registered.resolve(this.#identity);
  }
}

/** Whether a call failed because the plugin is gone or does not answer: it is then cut off, and not missed. */
export const isLost = (error: unknown): boolean =>
  kindOf(error) === 'Unavailable' || kindOf(error) === 'DeadlineExceeded';

/** A plugin's refusal, which fails what was asked. */
export const refusal = (plugin: Plugin, hook: string, cause: unknown): RuntimeError =>
  new RuntimeError(
    'FailedPrecondition',
    `NRI plugin ${plugin.name} refused ${hook}: ${describeError(cause)}`,
    {
      cause,
    },
  );
