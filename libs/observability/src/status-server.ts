import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeError, type Logger, RuntimeError } from '@crihub/kernel';
import type { Metrics } from './metrics.ts';

export interface StatusServerOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string;
}

export interface StatusServerDeps {
  readonly metrics: Metrics;
  /** Reasons why the daemon can't take pods now; none if it can. */
  readonly notReady: () => readonly string[];
  readonly logger: Logger;
}

/** `/metrics` for Prometheus, `/healthz` and `/readyz` for probes. */
export class StatusServer {
  readonly #options: StatusServerOptions;
  readonly #deps: StatusServerDeps;
  readonly #server: Server;

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
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      switch (request.url) {
        case '/metrics': {
          const { contentType, body } = await this.#deps.metrics.render();
          response.setHeader('content-type', contentType).end(body);
          break;
        }
        case '/healthz':
          response.end('ok\n');
          break;
        case '/readyz': {
          const reasons = this.#deps.notReady();
          response.statusCode = reasons.length === 0 ? 200 : 503;
          response.end(reasons.length === 0 ? 'ok\n' : `${reasons.join('\n')}\n`);
          break;
        }
        default:
          response.statusCode = 404;
          response.end('there are /metrics, /healthz and /readyz\n');
      }
    } catch (error) {
      this.#deps.logger.error('a status request failed', { path: request.url, error: describeError(error) });
      response.destroy();
    }
  }
}
