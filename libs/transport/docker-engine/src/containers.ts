import type { Duplex, Readable } from 'node:stream';
import { z } from 'zod';
import type { EngineConnection, Query } from './connection.ts';
import { statusOf } from './failures.ts';
import {
  containerDetails,
  containerSummary,
  type ContainerDetails,
  type ContainerSummary,
} from './schemas.ts';

const nothing = z.unknown();
const created = z.object({ Id: z.string() });
const waited = z.object({ StatusCode: z.number() });

/** The engine's containers. A name is as good as an id. */
export class EngineContainers {
  readonly #connection: EngineConnection;

  constructor(connection: EngineConnection) {
    this.#connection = connection;
  }

  /** Those that have all the labels (`name=value`), whatever their state. */
  async list(labels: readonly string[], signal: AbortSignal): Promise<readonly ContainerSummary[]> {
    const query = { all: true, filters: JSON.stringify({ label: labels }) };
    const call = { operation: 'list containers', method: 'GET', path: '/containers/json', query } as const;
    return await this.#connection.call(call, z.array(containerSummary), signal);
  }

  async inspect(id: string, signal: AbortSignal): Promise<ContainerDetails | undefined> {
    const call = {
      operation: 'inspect the container',
      method: 'GET',
      path: `/containers/${id}/json`,
    } as const;
    try {
      return await this.#connection.call(call, containerDetails, signal);
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  /** The new container's id. @throws FailedPrecondition if the name is taken. */
  async create(name: string, body: object, signal: AbortSignal): Promise<string> {
    const call = {
      operation: 'create the container',
      method: 'POST',
      path: '/containers/create',
      query: { name },
      body,
    } as const;
    return (await this.#connection.call(call, created, signal)).Id;
  }

  async start(id: string, signal: AbortSignal): Promise<void> {
    await this.#post('start the container', `/containers/${id}/start`, {}, signal);
  }

  /** Sends a signal by name or number. One that does not run, or does not exist, is left alone. */
  async kill(id: string, name: string, signal: AbortSignal): Promise<void> {
    await this.#post('signal the container', `/containers/${id}/kill`, { signal: name }, signal, [404, 409]);
  }

  /** Waits until it does not run; at once if it does not exist. */
  async waitUntilStopped(id: string, signal: AbortSignal): Promise<void> {
    const query = { condition: 'not-running' };
    const path = `/containers/${id}/wait`;
    const call = { operation: 'wait for the container', method: 'POST', path, query, accept: [404] } as const;
    await this.#connection.call(call, z.union([waited, nothing]), signal);
  }

  /** Removes it with its anonymous volumes, killing it if it runs. False if its removal was under way already. */
  async remove(id: string, signal: AbortSignal): Promise<boolean> {
    const query = { force: true, v: true };
    const call = {
      operation: 'remove the container',
      method: 'DELETE',
      path: `/containers/${id}`,
      query,
    } as const;
    try {
      await this.#connection.call({ ...call, accept: [404] }, nothing, signal);
      return true;
    } catch (error) {
      if (statusOf(error) === 409) return false;
      throw error;
    }
  }

  async update(id: string, body: object, signal: AbortSignal): Promise<void> {
    const path = `/containers/${id}/update`;
    const call = { operation: 'update the container', method: 'POST', path, body } as const;
    await this.#connection.call(call, nothing, signal);
  }

  async resize(id: string, size: { readonly width: number; readonly height: number }): Promise<void> {
    const query = { w: size.width, h: size.height };
    const signal = new AbortController().signal;
    await this.#post('resize the terminal', `/containers/${id}/resize`, query, signal, [404, 409]);
  }

  /** Its log so far, and with `follow` what comes, each message with its time. `since`: seconds, with a fraction. */
  async logs(
    id: string,
    { follow, since }: { readonly follow: boolean; readonly since: string },
    signal: AbortSignal,
  ): Promise<Readable> {
    const query = { follow, since, stdout: true, stderr: true, timestamps: true };
    const call = { operation: 'read the log', method: 'GET', path: `/containers/${id}/logs`, query } as const;
    return await this.#connection.stream(call, signal);
  }

  /** Joins its output, or its input: of one connection for both the end of the input would end the output. */
  async attach(
    id: string,
    { side, detachKeys }: { readonly side: 'input' | 'output'; readonly detachKeys: string },
    signal: AbortSignal,
  ): Promise<Duplex> {
    const isInput = side === 'input';
    const query = { stream: true, stdin: isInput, stdout: !isInput, stderr: !isInput, detachKeys };
    const path = `/containers/${id}/attach`;
    const call = { operation: 'attach to the container', method: 'POST', path, query } as const;
    return await this.#connection.hijack(call, signal);
  }

  async #post(
    operation: string,
    path: string,
    query: Query,
    signal: AbortSignal,
    accept: readonly number[] = [],
  ): Promise<void> {
    await this.#connection.call({ operation, method: 'POST', path, query, accept }, nothing, signal);
  }
}
