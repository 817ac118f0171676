export { ChannelClient } from './channel-client.ts';
export { type ForwardedConnection, openConnection, PORT_FORWARD_PROTOCOLS } from './port-forward-client.ts';
export { type RemoteCommandOptions, runRemoteCommand } from './remote-command.ts';
export { type ClientStream, SpdyClient, upgrade } from './spdy-client.ts';
