import type { Dispatcher } from 'undici';
import { Agent, EnvHttpProxyAgent, request } from 'undici';
import { RuntimeError } from '@crihub/kernel';
import type { RegistryHost } from './host.ts';

export interface HttpRequest {
  readonly url: string;
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export type HttpResponse = Dispatcher.ResponseData;

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** HTTP to one registry host, with its certificates and with timeouts for silence, not for slowness. */
export class HttpConnection {
  readonly #dispatcher: Dispatcher;

  /** `stallTimeoutMs`: the longest silence before the headers and between two pieces of a body. */
  constructor(host: RegistryHost, stallTimeoutMs: number) {
    const { ca, client, skipVerify } = host.tls;
    const tls = {
      timeout: host.connectTimeoutMs,
      rejectUnauthorized: !skipVerify,
      ...(ca.length > 0 && { ca: [...ca] }),
      ...(client.length > 0 && {
        cert: client.map(({ certificate }) => certificate),
        key: client.map(({ key }) => key),
      }),
    };
    const timeouts = { headersTimeout: stallTimeoutMs, bodyTimeout: stallTimeoutMs, pipelining: 1 };
    this.#dispatcher = usesProxy()
      ? new EnvHttpProxyAgent({ ...timeouts, connect: tls, requestTls: tls })
      : new Agent({ ...timeouts, connect: tls });
  }

  /**
   * Sends a request and follows redirects; credentials and configured headers stay with the host that
   * they are for. The caller must read or dump the body.
   * @throws whatever undici throws, and FailedPrecondition for endless redirects.
   */
  async request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    let { url, headers = {} } = request;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const response = await this.#send({ ...request, url, headers }, signal);
      const location = response.headers['location'];
      if (!REDIRECTS.has(response.statusCode) || typeof location !== 'string') return response;
      await response.body.dump();
      const target = redirectTarget(location, url);
      if (new URL(url).origin !== target.origin) headers = withoutSecrets(headers);
      url = target.href;
    }
    throw new RuntimeError(
      'FailedPrecondition',
      `${request.url} redirects more than ${String(MAX_REDIRECTS)} times`,
    );
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #send(
    { url, method = 'GET', headers = {}, body }: HttpRequest,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    return await request(url, {
      dispatcher: this.#dispatcher,
      method,
      headers: { 'user-agent': 'crihub', ...headers },
      signal,
      ...(body !== undefined && { body }),
    });
  }
}

function redirectTarget(location: string, from: string): URL {
  const target = URL.parse(location, from);
  if (target !== null && (target.protocol === 'https:' || target.protocol === 'http:')) return target;
  throw new RuntimeError(
    'FailedPrecondition',
    `${from} redirects to "${location.slice(0, 200)}", which is no URL`,
  );
}

/** What a request to any host may carry. */
const HARMLESS = new Set(['accept', 'range']);

const withoutSecrets = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => HARMLESS.has(name.toLowerCase())));

const usesProxy = (): boolean =>
  ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].some((name) => Boolean(process.env[name]));
