import { type Duplex, duplexPair } from 'node:stream';
import { Mux, serve, type ServedMethod, TtrpcClient, TtrpcServer } from '@crihub/transport/ttrpc';
import {
  ContainerUpdate,
  type CreateContainerRequest,
  CreateContainerResponse,
  PluginService,
  RuntimeService,
  type SynchronizeRequest,
  type UpdateContainerRequest,
  UpdateContainerResponse,
  UpdateContainersRequest,
  type UpdateContainersResponse,
  type ValidateContainerAdjustmentRequest,
} from '@crihub/wire/nri';

type CreateAnswer = Parameters<typeof CreateContainerResponse.create>[0];
type UpdateAnswer = Parameters<typeof UpdateContainerResponse.create>[0];

/** What a plugin of a test does; what is absent it does not serve. */
export interface TestPluginHandlers {
  readonly events?: number;
  readonly synchronize?: (
    request: SynchronizeRequest,
  ) => Promise<Parameters<typeof ContainerUpdate.create>[0][]>;
  readonly createContainer?: (request: CreateContainerRequest) => Promise<CreateAnswer>;
  readonly updateContainer?: (request: UpdateContainerRequest) => Promise<UpdateAnswer>;
  readonly validate?: (
    request: ValidateContainerAdjustmentRequest,
  ) => Promise<{ reject: boolean; reason: string }>;
  /** Pods and containers that came and went, as `RunPodSandbox <id>`. A rejection is the answer. */
  readonly told?: (call: string) => Promise<void>;
  /** Serves nothing but StateChange, as plugins before NRI 0.12 do. */
  readonly old?: boolean;
}

/** A plugin that speaks NRI as the stub of other plugins does, over a socket or in memory. */
export class TestPlugin {
  readonly #client: TtrpcClient;
  readonly #mux: Mux;
  readonly #handlers: TestPluginHandlers;
  /** All that it was told, in order. */
  readonly calls: string[] = [];

  constructor(socket: Duplex, handlers: TestPluginHandlers) {
    this.#handlers = handlers;
    this.#mux = new Mux(socket);
    new TtrpcServer(this.#mux.channel(1), this.#served());
    this.#client = new TtrpcClient(this.#mux.channel(2));
    void this.#mux.closed.then((why) => this.#client.close(why));
  }

  /** One that is connected to the other end of the socket returned. */
  static inMemory(handlers: TestPluginHandlers): { readonly plugin: TestPlugin; readonly socket: Duplex } {
    const [ours, theirs] = duplexPair();
    return { plugin: new TestPlugin(ours, handlers), socket: theirs };
  }

  get closed(): Promise<unknown> {
    return this.#mux.closed;
  }

  async register(pluginName: string, pluginIdx: string): Promise<void> {
    const request = { pluginName, pluginIdx, NRIVersion: 'v0.12.0' };
    await this.#client.call(RuntimeService.registerPlugin, request, 5_000);
  }

  async updateContainers(
    update: Parameters<typeof UpdateContainersRequest.create>[0],
  ): Promise<UpdateContainersResponse> {
    const request = UpdateContainersRequest.create(update);
    return await this.#client.call(RuntimeService.updateContainers, request, 5_000);
  }

  close(): void {
    this.#mux.close();
  }

  async #note(call: string): Promise<object> {
    this.calls.push(call);
    await this.#handlers.told?.(call);
    return {};
  }

  #served(): readonly ServedMethod[] {
    const { events, old } = this.#handlers;
    const plain = old === true ? [] : this.#plain();
    return [
      serve(PluginService.configure, async () => ({ events: events ?? 0 })),
      serve(PluginService.stateChange, async ({ event, pod, container }) =>
        this.#note(`StateChange ${String(event)} ${container?.id ?? pod?.id ?? ''}`),
      ),
      ...plain,
      ...this.#asked(),
    ];
  }

  #asked(): readonly ServedMethod[] {
    const { synchronize, createContainer, updateContainer, validate } = this.#handlers;
    return [
      serve(PluginService.synchronize, async (request) => {
        const ids = [...request.pods, ...request.containers].map(({ id }) => id);
        await this.#note(['Synchronize', ...ids].join(' '));
        const update = (await synchronize?.(request)) ?? [];
        return { update: update.map((one) => ContainerUpdate.create(one)), more: request.more };
      }),
      serve(PluginService.createContainer, async (request) => {
        await this.#note(`CreateContainer ${request.container?.id ?? ''}`);
        return CreateContainerResponse.create((await createContainer?.(request)) ?? {});
      }),
      serve(PluginService.updateContainer, async (request) => {
        await this.#note(`UpdateContainer ${request.container?.id ?? ''}`);
        return UpdateContainerResponse.create((await updateContainer?.(request)) ?? {});
      }),
      serve(PluginService.stopContainer, async ({ container }) => {
        await this.#note(`StopContainer ${container?.id ?? ''}`);
        return { update: [] };
      }),
      serve(PluginService.validateContainerAdjustment, async (request) => {
        await this.#note('ValidateContainerAdjustment');
        return (await validate?.(request)) ?? { reject: false, reason: '' };
      }),
    ];
  }

  #plain(): readonly ServedMethod[] {
    const of = (call: string) => async (request: { pod?: { id: string }; container?: { id: string } }) =>
      this.#note(`${call} ${request.container?.id ?? request.pod?.id ?? ''}`);
    return [
      serve(PluginService.runPodSandbox, of('RunPodSandbox') as never),
      serve(PluginService.stopPodSandbox, of('StopPodSandbox') as never),
      serve(PluginService.removePodSandbox, of('RemovePodSandbox') as never),
      serve(PluginService.updatePodSandbox, of('UpdatePodSandbox') as never),
      serve(PluginService.postUpdatePodSandbox, of('PostUpdatePodSandbox') as never),
      serve(PluginService.postCreateContainer, of('PostCreateContainer') as never),
      serve(PluginService.startContainer, of('StartContainer') as never),
      serve(PluginService.postStartContainer, of('PostStartContainer') as never),
      serve(PluginService.postUpdateContainer, of('PostUpdateContainer') as never),
      serve(PluginService.removeContainer, of('RemoveContainer') as never),
    ];
  }
}
