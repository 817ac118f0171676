import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describeError, type Logger, RuntimeError, sleep } from '@crihub/kernel';
import { asksFor, refuseUpgrade, UpgradeRefusal } from './http/negotiation.ts';
import { TokenRegistry } from './http/token-registry.ts';
import { serveSpdy } from './spdy-session.ts';
import type { StreamObserver, Transport } from './stream-observer.ts';
import type { StreamingRequest } from './streaming-request.ts';
import type { TlsIdentity } from './tls/tls-identity.ts';
import { serveWebSocket } from './websocket-session.ts';

export interface StreamingOptions {
  /** Where to listen; port 0 is any free port. */
  readonly address: { readonly host: string; readonly port: number };
  /** What clients are told to connect to, if it is not that address: `https://node:10010`. */
  readonly advertisedUrl?: string;
  /** Absent: plain HTTP. */
  readonly tls?: TlsIdentity;
  /** How long a connection may be silent, in ms; 4 h by default. */
  readonly idleTimeoutMs?: number;
  /** Time for a client to open its streams, in ms; 30 s by default. */
  readonly creationTimeoutMs?: number;
  /** How long a URL is good, in ms; a minute by default. */
  readonly tokenLifetimeMs?: number;
  /** How many URLs may wait for their clients; 1000 by default. */
  readonly maxTokens?: number;
}

export interface StreamingDependencies {
  readonly logger: Logger;
  readonly observer: StreamObserver;
}

/** What the gauges of the metrics read. */
export interface StreamingFigures {
  readonly sessions: number;
  readonly tokens: number;
}

const HOUR_MS = 3_600_000;
/** How often the kernel asks after a silent client, in ms. */
const KEEP_ALIVE_MS = 30_000;
/** Time for sessions to end when the server closes, in ms. */
const CLOSE_MS = 5_000;

/**
 * Serves the streams of exec, attach and port-forward at URLs that are good once. Who may ask for a URL
 * is the caller's affair; who has it gets what it stands for.
 */
export class StreamingServer {
  readonly #options: Required<Omit<StreamingOptions, 'advertisedUrl' | 'tls'>> & StreamingOptions;
  readonly #deps: StreamingDependencies;
  readonly #tokens: TokenRegistry<StreamingRequest>;
  readonly #server: Server;
  readonly #sessions = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  constructor(options: StreamingOptions, deps: StreamingDependencies) {
    this.#options = {
      idleTimeoutMs: 4 * HOUR_MS,
      creationTimeoutMs: 30_000,
      tokenLifetimeMs: 60_000,
      maxTokens: 1000,
      ...options,
    };
    this.#deps = deps;
    const { tokenLifetimeMs: lifetimeMs, maxTokens } = this.#options;
    this.#tokens = new TokenRegistry({ lifetimeMs, maxTokens });
    this.#server = options.tls === undefined ? createServer() : createTlsServer({ ...options.tls });
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#accept(request, socket, head);
    });
    this.#server.on('request', (request: IncomingMessage, response) => {
      response.writeHead(400, { Connection: 'close', 'Content-Type': 'text/plain' });
      response.end(
        `${request.method ?? ''} without an upgrade to SPDY/3.1 or websocket leads nowhere here\n`,
      );
      deps.observer.refused(400);
    });
  }

  get figures(): StreamingFigures {
    return { sessions: this.#sessions.size, tokens: this.#tokens.size };
  }

  /** @throws FailedPrecondition if the address can't be had. */
  async listen(): Promise<void> {
    const { host, port } = this.#options.address;
    try {
      this.#server.listen({ host, port });
      await once(this.#server, 'listening');
    } catch (cause) {
      throw new RuntimeError('FailedPrecondition', `can't listen on ${host}:${String(port)} for streaming`, {
        cause,
      });
    }
  }

  /** Ends all sessions, and with them what they run; containers go on. Bounded, and repeatable. */
  async close(): Promise<void> {
    this.#tokens.clear();
    this.#closing.abort(new RuntimeError('Unavailable', 'crihub is shutting down'));
    this.#server.close();
    await this.#sessionsEnd();
    this.#server.closeAllConnections();
  }

  /** Waits for the sessions, but not for long; a timer left behind would keep the process alive. */
  async #sessionsEnd(): Promise<void> {
    const ended = new AbortController();
    const late = sleep(CLOSE_MS, ended.signal).catch(() => undefined); // they ended in time
    await Promise.race([Promise.all(this.#sessions), late]);
    ended.abort();
  }

  /**
   * The URL at which a client finds what is asked for: once, and soon.
   * @throws ResourceExhausted if too many URLs wait, Unavailable if the server does not listen.
   */
  urlFor(request: StreamingRequest): string {
    const base = this.#baseUrl();
    return `${base}/${request.kind}/${this.#tokens.issue(request)}`;
  }

  #baseUrl(): string {
    const { advertisedUrl, tls } = this.#options;
    const address = this.#server.address() as AddressInfo | null;
    if (address === null || this.#closing.signal.aborted) {
      throw new RuntimeError('Unavailable', 'the streaming server does not listen');
    }
    if (advertisedUrl !== undefined) return advertisedUrl.replace(/\/+$/, '');
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `${tls === undefined ? 'http' : 'https'}://${host}:${String(address.port)}`;
  }

  #accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Whoever serves the session sees it too; until then nobody does.
    socket.on('error', (error) => {
      this.#deps.logger.debug('streaming connection broke', { error: describeError(error) });
    });
    const session = this.#serve(request, socket, head)
      .catch((error: unknown) => this.#refuse(socket, error))
      .finally(() => this.#sessions.delete(session));
    this.#sessions.add(session);
  }

  #refuse(socket: Duplex, error: unknown): void {
    if (!(error instanceof UpgradeRefusal)) {
      this.#deps.logger.warn('streaming session failed', { error: describeError(error) });
      socket.destroy();
      return;
    }
    this.#deps.logger.warn('streaming client refused', { status: error.status, reason: error.message });
    this.#deps.observer.refused(error.status);
    refuseUpgrade(socket, error);
  }

  async #serve(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const [kind, token = ''] = (request.url ?? '').split('?', 1)[0]?.split('/').slice(1) ?? [];
    const asked = this.#tokens.take(token);
    if (asked === undefined || asked.kind !== kind) {
      throw new UpgradeRefusal(404, 'this URL is not known, was used, or is too old: ask for a new one');
    }
    this.#prepare(socket as Socket);
    if (head.length > 0) socket.unshift(head);
    const { logger } = this.#deps;
    const client = { request, socket };
    if (asksFor(request, 'websocket')) {
      await this.#observed(asked, 'websocket', (tell) =>
        serveWebSocket(client, asked, this.#options, { logger, upgraded: tell }, this.#closing.signal),
      );
    } else if (asksFor(request, 'SPDY/3.1')) {
      await this.#observed(asked, 'spdy', (tell) =>
        serveSpdy(client, asked, this.#options, { logger, upgraded: tell }, this.#closing.signal),
      );
    } else {
      throw new UpgradeRefusal(400, 'unable to upgrade: it must be to SPDY/3.1 or websocket');
    }
  }

  #prepare(socket: Socket): void {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setTimeout(this.#options.idleTimeoutMs, () => {
      this.#deps.logger.info('streaming connection was silent for too long', {
        ms: this.#options.idleTimeoutMs,
      });
      socket.destroy();
    });
  }

  async #observed(
    { kind }: StreamingRequest,
    transport: Transport,
    serve: (upgraded: () => void) => Promise<void>,
  ): Promise<void> {
    const { observer } = this.#deps;
    const start = performance.now();
    let opened = false;
    const tell = (outcome: 'ok' | 'error'): void => {
      if (opened) observer.closed(kind, transport, (performance.now() - start) / 1000, outcome);
    };
    try {
      await serve(() => {
        opened = true;
        observer.opened(kind, transport);
      });
      tell('ok');
    } catch (error) {
      tell('error');
      throw error;
    }
  }
}
