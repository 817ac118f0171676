import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { forwardChannels, portsOf } from './port-forward/web-socket-port-forward.ts';
import { type CommandRequest, runCommand } from './remote-command/run-command.ts';
import { COMMAND_CHANNELS, webSocketCommandStreams } from './remote-command/web-socket-command-streams.ts';
import {
  forwardPorts,
  PORT_FORWARD_PROTOCOL,
  type SessionDependencies,
  type SessionOptions,
} from './spdy-session.ts';
import type { PortForwardRequest, StreamingRequest } from './streaming-request.ts';
import { ChannelConnection } from './websocket/channel-connection.ts';
import { negotiateWebSocketProtocol, upgradeWebSocket } from './websocket/upgrade-web-socket.ts';
import { WebSocketDuplex } from './websocket/web-socket-duplex.ts';

interface Client {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
}

const V4_PROTOCOLS = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'];
const COMMAND_PROTOCOLS = ['v5.channel.k8s.io', ...V4_PROTOCOLS, 'channel.k8s.io', 'base64.channel.k8s.io'];
/** SPDY inside a WebSocket. */
const TUNNEL_PROTOCOLS = [`SPDY/3.1+${PORT_FORWARD_PROTOCOL}`, `v2.${PORT_FORWARD_PROTOCOL}`];

/**
 * Serves a request to a client that has asked for a WebSocket. Resolves when the session is over.
 * @throws UpgradeRefusal before the connection is upgraded.
 */
export async function serveWebSocket(
  client: Client,
  request: StreamingRequest,
  options: SessionOptions,
  deps: SessionDependencies,
  signal: AbortSignal,
): Promise<void> {
  if (request.kind !== 'portforward') {
    await command(client, request, deps, signal);
    return;
  }
  const protocol = negotiateWebSocketProtocol(client.request, [...TUNNEL_PROTOCOLS, ...V4_PROTOCOLS]);
  if (!TUNNEL_PROTOCOLS.includes(protocol)) {
    await ports(client, request, protocol, deps, signal);
    return;
  }
  const transport = new WebSocketDuplex(await upgradeWebSocket(client, protocol));
  deps.upgraded();
  await forwardPorts(transport, request, options, deps, signal);
}

async function command(
  client: Client,
  request: CommandRequest,
  deps: SessionDependencies,
  signal: AbortSignal,
): Promise<void> {
  const protocol = negotiateWebSocketProtocol(client.request, COMMAND_PROTOCOLS);
  const version = /^v\d/.test(protocol) ? Number(protocol.slice(1, 2)) : 1;
  const connection = await connect(client, protocol, COMMAND_CHANNELS, deps);
  try {
    const streams = webSocketCommandStreams(connection, request.streams, version);
    await runCommand(request, streams, AbortSignal.any([signal, connection.ended]));
  } finally {
    await connection.close();
  }
}

async function ports(
  client: Client,
  { dial }: PortForwardRequest,
  protocol: string,
  deps: SessionDependencies,
  signal: AbortSignal,
): Promise<void> {
  const numbers = portsOf(client.request.url ?? '');
  const connection = await connect(client, protocol, numbers.length * 2, deps);
  try {
    await forwardChannels(connection, numbers, dial, AbortSignal.any([signal, connection.ended]));
  } finally {
    await connection.close();
  }
}

async function connect(
  client: Client,
  protocol: string,
  channels: number,
  deps: SessionDependencies,
): Promise<ChannelConnection> {
  const socket = await upgradeWebSocket(client, protocol);
  deps.upgraded();
  const options = { base64: protocol.includes('base64'), closeSignal: protocol.startsWith('v5.') };
  return new ChannelConnection(channels, options, { socket, logger: deps.logger });
}
