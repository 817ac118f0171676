import type { Duplex } from 'node:stream';
import { z } from 'zod';
import type { EngineConnection } from './connection.ts';
import { statusOf } from './failures.ts';
import { execDetails, type ExecDetails } from './schemas.ts';

const created = z.object({ Id: z.string() });

export interface ExecRequest {
  readonly args: readonly string[];
  readonly terminal: boolean;
  readonly stdin: boolean;
  readonly detachKeys: string;
  /** Beside the container's: `NAME=value`. */
  readonly environment: readonly string[];
}

/** Further processes in the engine's containers. */
export class EngineExecs {
  readonly #connection: EngineConnection;

  constructor(connection: EngineConnection) {
    this.#connection = connection;
  }

  /** @throws NotFound without the container, FailedPrecondition if it does not run. */
  async create(container: string, exec: ExecRequest, signal: AbortSignal): Promise<string> {
    const body = {
      Cmd: exec.args,
      Tty: exec.terminal,
      AttachStdin: exec.stdin,
      AttachStdout: true,
      AttachStderr: !exec.terminal,
      DetachKeys: exec.detachKeys,
      Env: exec.environment,
    };
    const path = `/containers/${container}/exec`;
    const call = { operation: 'prepare the process', method: 'POST', path, body } as const;
    return (await this.#connection.call(call, created, signal)).Id;
  }

  async start(id: string, terminal: boolean, signal: AbortSignal): Promise<Duplex> {
    const body = { Detach: false, Tty: terminal };
    return await this.#connection.hijack(
      { operation: 'start the process', method: 'POST', path: `/exec/${id}/start`, body },
      signal,
    );
  }

  /** `undefined` if the engine does not know it any more. */
  async inspect(id: string, signal: AbortSignal): Promise<ExecDetails | undefined> {
    const call = { operation: 'inspect the process', method: 'GET', path: `/exec/${id}/json` } as const;
    try {
      return await this.#connection.call(call, execDetails, signal);
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async resize(
    id: string,
    { width, height }: { readonly width: number; readonly height: number },
    signal: AbortSignal,
  ): Promise<void> {
    const query = { w: width, h: height };
    const call = {
      operation: 'resize the terminal',
      method: 'POST',
      path: `/exec/${id}/resize`,
      query,
    } as const;
    await this.#connection.call({ ...call, accept: [404, 409] }, z.unknown(), signal);
  }
}
