import { sleep, withDeadline } from '@crihub/kernel';
import {
  type ApiVersion,
  type DockerEngine,
  type EngineIdentity,
  statusOf,
} from '@crihub/transport/docker-engine';

export interface EngineLinkOptions {
  /** Longest time for what is asked at once, in ms. */
  readonly callTimeoutMs: number;
}

const REMOVAL_POLL_MS = 20;

/** The engine, and who answered last. What is asked through it runs to its end, whatever its caller does. */
export class EngineLink {
  readonly #engine: DockerEngine;
  readonly #callTimeoutMs: number;
  #identity: EngineIdentity | undefined;

  constructor({ callTimeoutMs }: EngineLinkOptions, { engine }: { readonly engine: DockerEngine }) {
    this.#engine = engine;
    this.#callTimeoutMs = callTimeoutMs;
  }

  get engine(): DockerEngine {
    return this.#engine;
  }

  /** Last known, if ever. */
  get identity(): EngineIdentity | undefined {
    return this.#identity;
  }

  async identify(signal: AbortSignal): Promise<EngineIdentity> {
    this.#identity = await this.#engine.identify(signal);
    return this.#identity;
  }

  /** The version of the API that is spoken; asked for if nobody did yet. */
  async api(): Promise<ApiVersion> {
    const { api } = this.#identity ?? (await this.use((_engine, deadline) => this.identify(deadline)));
    return api;
  }

  async use<T>(work: (engine: DockerEngine, deadline: AbortSignal) => Promise<T>): Promise<T> {
    return await withDeadline('calling Docker Engine', this.#callTimeoutMs, undefined, (deadline) =>
      work(this.#engine, deadline),
    );
  }

  /**
   * Creates a container, or finds the one that has the name already, whoever has left it half way. An image
   * that the engine lacks is handed over first.
   * @returns with what `provideImage` gave, if it was needed.
   */
  async createOrFind<T>(
    name: string,
    body: object,
    provideImage: () => Promise<T>,
  ): Promise<{ readonly engineId: string; readonly isNew: boolean; readonly provided?: T }> {
    const create = (): Promise<string> =>
      this.use((engine, deadline) => engine.containers.create(name, body, deadline));
    try {
      return { engineId: await create(), isNew: true };
    } catch (error) {
      if (statusOf(error) === 404) {
        const provided = await provideImage();
        return { engineId: await create(), isNew: true, provided };
      }
      const known =
        statusOf(error) === 409 &&
        (await this.use((engine, deadline) => engine.containers.inspect(name, deadline)));
      if (known === false || known === undefined) throw error;
      return { engineId: known.Id, isNew: false };
    }
  }

  /** Removes a container, and waits until it is gone if somebody else is removing it. */
  async remove(name: string): Promise<void> {
    await this.use(async ({ containers }, deadline) => {
      while (!(await containers.remove(name, deadline))) await sleep(REMOVAL_POLL_MS, deadline);
    });
  }
}
