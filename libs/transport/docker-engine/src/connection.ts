import type { Duplex, Readable } from 'node:stream';
import Docker from 'dockerode';
import { untilAborted, withDeadline } from '@crihub/kernel';
import { z } from 'zod';
import { engineFailure } from './failures.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface EngineCall {
  /** A verb phrase for errors: `start the container`. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the version: `/containers/json`. */
  readonly path: string;
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: object;
  /** Sent as it comes, as a tar. */
  readonly upload?: Readable;
  /** Answers that are no failures. */
  readonly accept?: readonly number[];
}

export interface ConnectionOptions {
  readonly socketPath: string;
  /** Longest time for one call, in ms; streams are bounded by their signals alone. */
  readonly callTimeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 120_000;
const ACCEPTED = [200, 201, 204, 304];
/** The versions whose requests and answers this library was written for. */
const OLDEST = { major: 1, minor: 41 };
const NEWEST = { major: 1, minor: 52 };

export interface ApiVersion {
  readonly major: number;
  readonly minor: number;
}

/** True if requests are sent in this version of the API or a later one: `atLeastApi(version, 44)`. */
export const atLeastApi = ({ major, minor }: ApiVersion, least: number): boolean =>
  major > 1 || minor >= least;

/** Requests to one Docker Engine through dockerode's transport. */
export class EngineConnection {
  readonly socketPath: string;
  readonly #callTimeoutMs: number;
  readonly #plain: Docker;
  #versioned: Docker | undefined;

  constructor({ socketPath, callTimeoutMs = DEFAULT_TIMEOUT_MS }: ConnectionOptions) {
    this.socketPath = socketPath;
    this.#callTimeoutMs = callTimeoutMs;
    this.#plain = new Docker({ socketPath });
  }

  /** Speaks this version from now on. */
  useVersion({ major, minor }: ApiVersion): void {
    const version = `v${String(major)}.${String(minor)}`;
    this.#versioned = new Docker({ socketPath: this.socketPath, version });
  }

  /** The answer's JSON as the schema has it. @throws RuntimeError; the signal's reason. */
  async call<Schema extends z.ZodType>(
    call: EngineCall,
    schema: Schema,
    signal: AbortSignal,
  ): Promise<z.output<Schema>> {
    const answer = await withDeadline(call.operation, this.#callTimeoutMs, signal, (deadline) =>
      this.#dial(call, {}, deadline),
    );
    return schema.parse(answer);
  }

  /** The answer's body as a stream, until it ends or the signal aborts. */
  async stream(call: EngineCall, signal: AbortSignal): Promise<Readable> {
    return (await this.#dial(call, { isStream: true }, signal)) as Readable;
  }

  /** The connection itself, once the engine has switched it to raw bytes. The signal governs the start alone. */
  async hijack(call: EngineCall, signal: AbortSignal): Promise<Duplex> {
    signal.throwIfAborted();
    const dialled = this.#dial(call, { hijack: true }, undefined) as Promise<Duplex>;
    try {
      return await untilAborted(dialled, signal);
    } catch (error) {
      // Whoever gave up does not want what may still come.
      dialled.then(
        (late) => late.destroy(),
        () => undefined,
      );
      throw error;
    }
  }

  #dial(
    { operation, method, path, query = {}, body, upload, accept = [] }: EngineCall,
    mode: { readonly isStream?: true; readonly hijack?: true },
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const { modem } = this.#versioned ?? this.#plain;
    const isEmptyUpgrade = mode.hijack === true && body === undefined;
    modem.dial(
      {
        method,
        path: `${path}?`,
        // The modem takes the whole object for the body if there is none, and for the query likewise.
        options: { _query: { ...query }, _body: body ?? {} },
        statusCodes: Object.fromEntries([...ACCEPTED, ...accept, 101].map((status) => [status, true])),
        ...mode,
        // Else it announces chunks, whose end the engine would take for input of the process.
        ...(isEmptyUpgrade ? { file: Buffer.alloc(0) } : {}),
        ...(upload === undefined ? {} : { file: upload }),
        ...(signal === undefined ? {} : { abortSignal: signal }),
      },
      (error: unknown, result: unknown) => {
        if (error == null) resolve(result);
        else if (signal?.aborted === true) reject(signal.reason as Error);
        else reject(engineFailure(operation, this.socketPath, error));
      },
    );
    return promise;
  }
}

const versionText = z.string().regex(/^\d+\.\d+$/);

/** The newest version that both sides know. `undefined` if the engine is too old. */
export function negotiate(engine: string): ApiVersion | undefined {
  const [major = 0, minor = 0] = versionText.parse(engine).split('.').map(Number);
  if (major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor)) return undefined;
  return major > NEWEST.major || minor > NEWEST.minor ? NEWEST : { major, minor };
}
