import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { explainFailure } from './call-failure.ts';

/** One RPC of a generated service definition. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

export interface CallOptions {
  /** Time for the answer, in ms; 0 for as long as it takes. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;
// Both streams of an ExecSync with what the daemon lets each have, and room for the rest.
const MAX_RECEIVE_BYTES = 40 * 1024 * 1024;

/** Calls the daemon on its socket. Rejections are a RuntimeError with the daemon's own words. */
export class NodeClient implements Disposable {
  readonly #socket: string;
  readonly #client: Client;

  /** @param socket path of the unix socket. */
  constructor(socket: string) {
    this.#socket = socket;
    this.#client = new Client(`unix:${socket}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': MAX_RECEIVE_BYTES,
    });
  }

  async call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    { timeoutMs = DEFAULT_TIMEOUT_MS }: CallOptions = {},
  ): Promise<Response> {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    this.#client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      new Metadata(),
      timeoutMs === 0 ? {} : { deadline: Date.now() + timeoutMs },
      (error, response) => {
        if (error === null) resolve(response as Response);
        else reject(error);
      },
    );
    try {
      return await promise;
    } catch (error) {
      throw await explainFailure(error, this.#socket);
    }
  }

  /** A call that is answered with many messages, for as long as it takes; leaving the loop cancels it. */
  async *stream<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
  ): AsyncGenerator<Response> {
    const call = this.#client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
    );
    try {
      for await (const message of call) yield message as Response;
    } catch (error) {
      throw await explainFailure(error, this.#socket);
    } finally {
      call.cancel();
    }
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}
