import { RuntimeError } from '@crihub/kernel';
import { type ApiVersion, EngineConnection, type ConnectionOptions, negotiate } from './connection.ts';
import { EngineContainers } from './containers.ts';
import { EngineExecs } from './execs.ts';
import { EngineImages } from './images.ts';
import { jsonLines } from './json-lines.ts';
import {
  type EngineEvent,
  engineEvent,
  type EngineSettings,
  engineSettings,
  engineVersion,
} from './schemas.ts';

export interface EngineIdentity {
  /** Of the product: `20.10.24`. */
  readonly version: string;
  /** In which requests are sent. */
  readonly api: ApiVersion;
}

/**
 * A Docker Engine behind a socket. Every failure is a `RuntimeError`: Unavailable with the reason
 * `EngineUnreachable` if nobody answers; else by the HTTP status and in the engine's own words.
 */
export class DockerEngine {
  readonly containers: EngineContainers;
  readonly execs: EngineExecs;
  readonly images: EngineImages;
  readonly #connection: EngineConnection;

  constructor(options: ConnectionOptions) {
    const connection = (this.#connection = new EngineConnection(options));
    this.containers = new EngineContainers(connection);
    this.execs = new EngineExecs(connection);
    this.images = new EngineImages(connection);
  }

  /** Asks who answers, and settles on the newest version of the API that both sides know. */
  async identify(signal: AbortSignal): Promise<EngineIdentity> {
    const call = { operation: 'tell its version', method: 'GET', path: '/version' } as const;
    const { Version, ApiVersion: offered } = await this.#connection.call(call, engineVersion, signal);
    const api = negotiate(offered);
    if (api === undefined) {
      throw new RuntimeError(
        'FailedPrecondition',
        `Docker Engine ${Version} speaks API ${offered}; install 20.10 or later, which speaks 1.41`,
        { reason: 'EngineTooOld' },
      );
    }
    this.#connection.useVersion(api);
    return { version: Version, api };
  }

  async settings(signal: AbortSignal): Promise<EngineSettings> {
    const call = { operation: 'tell its settings', method: 'GET', path: '/info' } as const;
    return await this.#connection.call(call, engineSettings, signal);
  }

  /**
   * Events of containers that have the label. `since`: seconds since 1970 with a fraction. Resolves when
   * the engine listens; the iteration ends with the connection, or rejects with the signal's reason.
   */
  async events(
    {
      label,
      actions,
      since,
    }: { readonly label: string; readonly actions: readonly string[]; readonly since?: string },
    signal: AbortSignal,
  ): Promise<AsyncIterable<EngineEvent>> {
    const filters = JSON.stringify({ type: ['container'], label: [label], event: actions });
    const query = { filters, ...(since === undefined ? {} : { since }) };
    const call = { operation: 'tell its events', method: 'GET', path: '/events', query } as const;
    const source = await this.#connection.stream(call, signal);
    return parsed(jsonLines(source));
  }
}

async function* parsed(lines: AsyncIterable<unknown>): AsyncGenerator<EngineEvent> {
  for await (const line of lines) yield engineEvent.parse(line);
}
