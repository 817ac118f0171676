export { ChannelClient } from './channel-client.ts';
export { type ForwardedConnection, openConnection, PORT_FORWARD_PROTOCOLS } from './port-forward-client.ts';
export { frameSequence } from './recordings/frame-sequence.ts';
export {
  loadRecording,
  RECORDED_SESSIONS,
  type SessionName,
  storeRecording,
} from './recordings/recorded-sessions.ts';
export { RecordingProxy } from './recordings/recording-proxy.ts';
export { type RemoteCommandOptions, runRemoteCommand } from './remote-command.ts';
export { type ClientStream, SpdyClient, upgrade } from './spdy-client.ts';
