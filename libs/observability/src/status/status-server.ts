import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeError, type Logger, RuntimeError } from '@crihub/kernel';
import type { Metrics } from '../metrics.ts';
import { streamView } from './event-stream.ts';
import type { LiveView } from './live-view.ts';
import { PAGE_POLICY, readPageFile, REPORT_POLICY } from './page-files.ts';

export interface StatusServerOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string;
}

export interface StatusServerDeps {
  readonly metrics: Metrics;
  /** Reasons why the daemon can't take pods now; none if it can. */
  readonly notReady: () => readonly string[];
  readonly view: LiveView;
  /** The page that compares an experiment's arms; undefined if there is no such experiment. */
  readonly report: (experiment: string) => Promise<string | undefined>;
  readonly logger: Logger;
}

/** Pages that may follow the node at once. */
const MOST_STREAMS = 32;
const PATHS = 'there are / (for people), /metrics, /healthz and /readyz';

const REPORTS = '/experiments/';

type Respond = (response: ServerResponse) => Promise<void>;

/** The page for people at `/`, `/metrics` for Prometheus, `/healthz` and `/readyz` for probes. Reads only. */
export class StatusServer {
  readonly #options: StatusServerOptions;
  readonly #deps: StatusServerDeps;
  readonly #server: Server;
  readonly #stop = new AbortController();
  readonly #streams = new Set<Promise<void>>();
  readonly #routes: Readonly<Record<string, Respond>> = {
    '/metrics': async (response) => {
      const { contentType, body } = await this.#deps.metrics.render();
      response.setHeader('content-type', contentType).end(body);
    },
    '/healthz': async (response) => {
      response.end('ok\n');
    },
    '/readyz': async (response) => {
      const reasons = this.#deps.notReady();
      response.statusCode = reasons.length === 0 ? 200 : 503;
      response.end(reasons.length === 0 ? 'ok\n' : `${reasons.join('\n')}\n`);
    },
    '/events': async (response) => await this.#follow(response),
  };

  constructor(options: StatusServerOptions, deps: StatusServerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** @returns the port. @throws FailedPrecondition if the address can't be had. */
  async listen(): Promise<number> {
    const separator = this.#options.address.lastIndexOf(':');
    const host = this.#options.address.slice(0, separator).replace(/^\[|\]$/g, '');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', (cause) =>
      reject(
        new RuntimeError(
          'FailedPrecondition',
          `metrics.address ${this.#options.address} can't be used: ${cause.message}`,
          { cause },
        ),
      ),
    );
    this.#server.listen(Number(this.#options.address.slice(separator + 1)), host, resolve);
    await promise;
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await Promise.all([closed, ...this.#streams]);
  }

  async #answer({ url = '/', method }: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = url.split('?', 1)[0] ?? '/';
    try {
      response.setHeader('x-content-type-options', 'nosniff');
      if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405, 'only GET and HEAD');
      const route = Object.hasOwn(this.#routes, path) ? this.#routes[path] : undefined;
      if (route !== undefined) return await route(response);
      if (path.startsWith(REPORTS)) return await this.#report(path.slice(REPORTS.length), response);
      const file = await readPageFile(path);
      if (file === undefined) return refuse(response, 404, PATHS);
      response.setHeader('content-security-policy', PAGE_POLICY);
      response.setHeader('content-type', file.type).end(file.body);
    } catch (error) {
      this.#deps.logger.error('a status request failed', { path, error: describeError(error) });
      response.destroy();
    }
  }

  async #report(name: string, response: ServerResponse): Promise<void> {
    const page = await this.#deps.report(name);
    if (page === undefined) return refuse(response, 404, 'there is no such experiment');
    response.setHeader('content-security-policy', REPORT_POLICY);
    response.setHeader('content-type', 'text/html; charset=utf-8').end(page);
  }

  async #follow(response: ServerResponse): Promise<void> {
    if (this.#streams.size >= MOST_STREAMS) return refuse(response, 503, 'too many pages follow this node');
    const stream = streamView(this.#deps.view, response, this.#stop.signal);
    this.#streams.add(stream);
    try {
      await stream;
    } finally {
      this.#streams.delete(stream);
    }
  }
}

function refuse(response: ServerResponse, status: number, words: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8').end(`${words}\n`);
}
