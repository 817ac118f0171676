import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from '@crihub/kernel';
import { acceptSpdy, negotiateSpdyProtocol } from './http/negotiation.ts';
import { SpdyPortForward } from './port-forward/spdy-port-forward.ts';
import { runCommand, type CommandRequest } from './remote-command/run-command.ts';
import { SpdyCommandStreams } from './remote-command/spdy-command-streams.ts';
import { SpdyConnection } from './spdy/spdy-connection.ts';
import type { PortForwardRequest, StreamingRequest } from './streaming-request.ts';

export interface SessionOptions {
  /** Time for the client to open its streams, in ms. */
  readonly creationTimeoutMs: number;
}

export interface SessionDependencies {
  readonly logger: Logger;
  /** Is called when the client was accepted. */
  readonly upgraded: () => void;
}

/** Newest first is for messages alone: the client's preference decides. */
const COMMAND_PROTOCOLS = ['v5', 'v4', 'v3', 'v2'].map((version) => `${version}.channel.k8s.io`);
const FIRST_COMMAND_PROTOCOL = 'channel.k8s.io';
export const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io';

/**
 * Serves a request to a client that has asked for SPDY. Resolves when the session is over.
 * @throws UpgradeRefusal before the connection is upgraded.
 */
export async function serveSpdy(
  client: { readonly request: IncomingMessage; readonly socket: Duplex },
  streamingRequest: StreamingRequest,
  options: SessionOptions,
  deps: SessionDependencies,
  signal: AbortSignal,
): Promise<void> {
  if (streamingRequest.kind === 'portforward') {
    acceptSpdy(client.socket, negotiateSpdyProtocol(client.request, [PORT_FORWARD_PROTOCOL]));
    deps.upgraded();
    await forwardPorts(client.socket, streamingRequest, options, deps, signal);
    return;
  }
  const protocol = negotiateSpdyProtocol(client.request, [...COMMAND_PROTOCOLS, FIRST_COMMAND_PROTOCOL]);
  acceptSpdy(client.socket, protocol);
  deps.upgraded();
  const version = protocol === FIRST_COMMAND_PROTOCOL ? 1 : Number(protocol.slice(1, 2));
  await command(client.socket, streamingRequest, { ...options, version }, deps, signal);
}

async function command(
  transport: Duplex,
  request: CommandRequest,
  options: SessionOptions & { readonly version: number },
  deps: { readonly logger: Logger },
  signal: AbortSignal,
): Promise<void> {
  const opened = new SpdyCommandStreams(request.streams, options.version);
  const connection = new SpdyConnection(
    { logger: deps.logger, transport },
    { refusal: () => undefined, opened: (stream) => opened.add(stream) },
  );
  try {
    const streams = await opened.complete(connection, options.creationTimeoutMs, signal);
    await runCommand(request, streams, AbortSignal.any([signal, connection.ended]));
  } finally {
    await connection.close();
  }
}

/** Serves forwarded ports on a transport that speaks SPDY, which may itself be a WebSocket. */
export async function forwardPorts(
  transport: Duplex,
  { dial }: PortForwardRequest,
  { creationTimeoutMs }: SessionOptions,
  deps: { readonly logger: Logger },
  signal: AbortSignal,
): Promise<void> {
  const session = new AbortController();
  const handlers = new SpdyPortForward({ dial, creationTimeoutMs }, deps, session.signal);
  const connection = new SpdyConnection({ logger: deps.logger, transport }, handlers);
  const over = Promise.withResolvers<void>();
  const ending = AbortSignal.any([connection.ended, signal]);
  ending.addEventListener('abort', () => over.resolve(), { once: true });
  if (ending.aborted) over.resolve();
  try {
    await over.promise;
  } finally {
    session.abort(new Error('the port-forward session is over'));
    await connection.close();
  }
}
