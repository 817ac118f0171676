import type { Readable } from 'node:stream';
import { RuntimeError } from '@crihub/kernel';
import { z } from 'zod';
import type { EngineConnection } from './connection.ts';
import { statusOf } from './failures.ts';
import { jsonLines } from './json-lines.ts';

const details = z.object({ Id: z.string() });
const progress = z.object({ error: z.string().optional() });

/** The engine's own images. */
export class EngineImages {
  readonly #connection: EngineConnection;

  constructor(connection: EngineConnection) {
    this.#connection = connection;
  }

  /** The id of an image by name or id; `undefined` if there is none. */
  async find(reference: string, signal: AbortSignal): Promise<string | undefined> {
    const path = `/images/${encodeURI(reference)}/json`;
    const call = { operation: 'inspect the image', method: 'GET', path } as const;
    try {
      return (await this.#connection.call(call, details, signal)).Id;
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  /** Loads the images of a tar as `docker save` writes them. @throws Internal in the engine's words. */
  async load(archive: Readable, signal: AbortSignal): Promise<void> {
    const query = { quiet: true };
    const call = { operation: 'load the image', method: 'POST', path: '/images/load', query } as const;
    const answer = await this.#connection.stream({ ...call, upload: archive }, signal);
    for await (const line of jsonLines(answer)) {
      const { error } = progress.parse(line);
      if (error !== undefined) {
        throw new RuntimeError('Internal', `Docker Engine refused to load the image: ${error.trim()}`);
      }
    }
  }

  async tag(id: string, repository: string, tag: string, signal: AbortSignal): Promise<void> {
    const query = { repo: repository, tag };
    const call = { operation: 'name the image', method: 'POST', path: `/images/${id}/tag`, query } as const;
    await this.#connection.call(call, z.unknown(), signal);
  }

  /** Takes away a name, and with the last one the image. @throws FailedPrecondition while containers use it. */
  async remove(reference: string, signal: AbortSignal): Promise<void> {
    const path = `/images/${encodeURI(reference)}`;
    const call = { operation: 'remove the image', method: 'DELETE', path, accept: [404] } as const;
    await this.#connection.call(call, z.unknown(), signal);
  }
}
