import {
  type CallOptions as GrpcCallOptions,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { untilAborted, untilWritable } from '@crihub/kernel';
import { grpcFailure } from './grpc-failure.ts';

/** One call of a service, as generated service definitions have it. */
export interface GrpcMethod<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

export interface GrpcConnectionOptions {
  /** Absolute path of the server's unix socket. */
  readonly socketPath: string;
  /** For messages: `containerd at /run/containerd/containerd.sock`. */
  readonly server: string;
  /** Sent with every call. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Time for a call that names none, in ms. */
  readonly callTimeoutMs?: number;
}

export interface CallOptions {
  /** In ms; `'none'` for a call that lasts as long as what it waits for. */
  readonly timeoutMs?: number | 'none';
  readonly metadata?: Readonly<Record<string, string>>;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const LARGEST_MESSAGE_BYTES = 16 * 1024 * 1024;
// A daemon that was restarted is found again within this time.
const LONGEST_BACKOFF_MS = 500;

/**
 * Calls to one gRPC server on this machine. It connects at the first call, and again after the server was
 * away; a call while it is away fails at once as Unavailable.
 */
export class GrpcConnection {
  readonly #client: Client;
  readonly #server: string;
  readonly #metadata: Readonly<Record<string, string>>;
  readonly #callTimeoutMs: number;

  constructor({ socketPath, server, metadata = {}, callTimeoutMs }: GrpcConnectionOptions) {
    this.#client = new Client(`unix:${socketPath}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': LARGEST_MESSAGE_BYTES,
      'grpc.max_send_message_length': LARGEST_MESSAGE_BYTES,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.min_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': LONGEST_BACKOFF_MS,
      'grpc.enable_retries': 0,
      // Connections to the same socket with other settings must not share one.
      'grpc.use_local_subchannel_pool': 1,
    });
    this.#server = server;
    this.#metadata = metadata;
    this.#callTimeoutMs = callTimeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  /** @throws RuntimeError with the kind of the status, or the signal's reason. */
  async call<Request, Response>(
    method: GrpcMethod<Request, Response>,
    request: Request,
    signal?: AbortSignal,
    options: CallOptions = {},
  ): Promise<Response> {
    signal?.throwIfAborted();
    const timeoutMs = this.#timeout(options);
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const call = this.#client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      this.#metadataOf(options),
      deadlineOf(timeoutMs),
      (error, response) => {
        if (error === null && response !== undefined) resolve(response);
        else reject(this.#failure(error, method.path, timeoutMs));
      },
    );
    try {
      return await untilAborted(promise, signal);
    } finally {
      call.cancel(); // no effect on a call that has ended
    }
  }

  /** What the server sends, until it ends the stream. Leaving the iteration or aborting cancels the call. */
  async *stream<Request, Response>(
    method: GrpcMethod<Request, Response>,
    request: Request,
    signal: AbortSignal,
    options: CallOptions = {},
  ): AsyncGenerator<Response> {
    signal.throwIfAborted();
    yield* this.#answers(this.#open(method, request, options), method.path, signal);
  }

  /**
   * Sends requests as fast as the server takes them, and gives what it answers meanwhile. Leaving the iteration
   * or aborting cancels the call.
   * @throws what the requests throw, too.
   */
  async *exchange<Request, Response>(
    method: GrpcMethod<Request, Response>,
    requests: AsyncIterable<Request>,
    signal: AbortSignal,
    options: CallOptions = {},
  ): AsyncGenerator<Response> {
    signal.throwIfAborted();
    const call = this.#client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      this.#metadataOf(options),
      {},
    );
    const over = new AbortController();
    let problem: unknown;
    const sending = send(requests, call, over.signal).catch((error: unknown) => {
      problem = error;
      call.cancel();
    });
    try {
      yield* this.#answers(call, method.path, signal);
    } catch (error) {
      throw problem ?? error;
    } finally {
      over.abort();
      await sending;
    }
  }

  close(): void {
    this.#client.close();
  }

  async *#answers<Response>(
    call: ClientReadableStream<Response> | ClientDuplexStream<never, Response>,
    path: string,
    signal: AbortSignal,
  ): AsyncGenerator<Response> {
    const cancel = (): void => call.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      for await (const message of call) yield message as Response;
    } catch (error) {
      signal.throwIfAborted();
      throw this.#failure(error as ServiceError, path, undefined);
    } finally {
      signal.removeEventListener('abort', cancel);
      call.on('error', () => undefined); // that of the cancellation, which nobody waits for
      call.cancel();
    }
  }

  #open<Request, Response>(
    method: GrpcMethod<Request, Response>,
    request: Request,
    options: CallOptions,
  ): ClientReadableStream<Response> {
    return this.#client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      this.#metadataOf(options),
      {},
    );
  }

  #timeout({ timeoutMs = this.#callTimeoutMs }: CallOptions): number | undefined {
    return timeoutMs === 'none' ? undefined : timeoutMs;
  }

  #metadataOf({ metadata = {} }: CallOptions): Metadata {
    const result = new Metadata();
    for (const [name, value] of Object.entries({ ...this.#metadata, ...metadata })) result.set(name, value);
    return result;
  }

  #call(path: string): { readonly server: string; readonly path: string } {
    return { server: this.#server, path };
  }

  #failure(error: ServiceError | null, path: string, timeoutMs: number | undefined): Error {
    const { code, details } = error ?? { code: 13, details: 'the server answered nothing' };
    return grpcFailure({ code, details }, { ...this.#call(path), timeoutMs });
  }
}

/** Ends early, without an error, when the call is over. */
async function send<Request, Response>(
  requests: AsyncIterable<Request>,
  call: ClientDuplexStream<Request, Response>,
  over: AbortSignal,
): Promise<void> {
  for await (const request of requests) {
    if (over.aborted) return;
    if (!call.write(request)) await untilWritable(call, over);
  }
  if (!over.aborted) call.end();
}

const deadlineOf = (timeoutMs: number | undefined): GrpcCallOptions =>
  timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
