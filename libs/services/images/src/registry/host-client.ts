import { Authenticator } from './authenticator.ts';
import type { Credentials } from './credentials.ts';
import { isBroken, isRetryableStatus, unreachable } from './failures.ts';
import type { RegistryHost } from './host.ts';
import { HttpConnection, type HttpResponse } from './http.ts';
import { type RetryPolicy, waitForRetry } from './retry.ts';

export interface HostClientOptions {
  readonly host: RegistryHost;
  /** The repository within the registry. */
  readonly path: string;
  readonly credentials: Credentials;
  readonly retry: RetryPolicy;
  readonly stallTimeoutMs: number;
}

export interface HostRequest {
  readonly method?: 'GET' | 'HEAD';
  /** Below the repository: `manifests/latest`. */
  readonly resource: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Requests for one repository to one host: authenticated, and repeated where that may help. */
export class HostClient {
  readonly #options: HostClientOptions;
  readonly #connection: HttpConnection;
  readonly #authenticator: Authenticator;

  constructor(options: HostClientOptions) {
    this.#options = options;
    this.#connection = new HttpConnection(options.host, options.stallTimeoutMs);
    this.#authenticator = new Authenticator(
      {
        credentials: options.credentials,
        defaultScope: `repository:${options.path}:pull`,
        insecure: options.host.baseUrl.startsWith('http:'),
      },
      { connection: this.#connection },
    );
  }

  /** Host and port, for messages. */
  get name(): string {
    return new URL(this.#options.host.baseUrl).host;
  }

  get host(): RegistryHost {
    return this.#options.host;
  }

  get retry(): RetryPolicy {
    return this.#options.retry;
  }

  /** An error of this host's connection, as one that an operator understands. */
  explain(error: unknown): Error {
    return unreachable(error, this.name, this.#options.stallTimeoutMs);
  }

  /**
   * The final response, of whatever status; the caller reads or dumps its body.
   * @throws Unavailable with reason `RegistryUnavailable` if the host can't be reached.
   */
  async send(request: HostRequest, signal: AbortSignal): Promise<HttpResponse> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await this.#authorized(request, signal);
        if (!isRetryableStatus(response.statusCode)) return response;
        const retryAfter = response.headers['retry-after'];
        const header = typeof retryAfter === 'string' ? retryAfter : undefined;
        if (!(await waitForRetry(this.retry, attempt, header, signal))) return response;
        await response.body.dump();
      } catch (error) {
        signal.throwIfAborted();
        const again = isBroken(error) && (await waitForRetry(this.retry, attempt, undefined, signal));
        if (!again) throw this.explain(error);
      }
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #authorized(request: HostRequest, signal: AbortSignal): Promise<HttpResponse> {
    const response = await this.#once(request, signal);
    if (response.statusCode !== 401) return response;
    if (!(await this.#authenticator.answer(response, signal))) return response;
    await response.body.dump();
    return await this.#once(request, signal);
  }

  async #once(
    { method = 'GET', resource, headers }: HostRequest,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const { host, path } = this.#options;
    const namespace = host.mirrorOf === undefined ? '' : `?ns=${encodeURIComponent(host.mirrorOf)}`;
    return await this.#connection.request(
      {
        method,
        url: `${host.baseUrl}/${path}/${resource}${namespace}`,
        headers: { ...host.headers, ...headers, ...this.#authenticator.headers },
      },
      signal,
    );
  }
}
