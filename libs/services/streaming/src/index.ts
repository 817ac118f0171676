export type { Dialler } from './port-forward/forward-connection.ts';
export type { StreamSelection } from './remote-command/command-streams.ts';
export type { CommandRequest, SessionOpener } from './remote-command/run-command.ts';
export type { StreamKind, StreamObserver, Transport } from './stream-observer.ts';
export type { PortForwardRequest, StreamingRequest } from './streaming-request.ts';
export {
  type StreamingDependencies,
  type StreamingFigures,
  type StreamingOptions,
  StreamingServer,
} from './streaming-server.ts';
export { selfSignedIdentity } from './tls/self-signed.ts';
export type { TlsIdentity } from './tls/tls-identity.ts';
