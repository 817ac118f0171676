import type { Dialler } from './port-forward/forward-connection.ts';
import type { CommandRequest } from './remote-command/run-command.ts';

/** Ports of a pod, for a client to connect to. */
export interface PortForwardRequest {
  readonly kind: 'portforward';
  readonly dial: Dialler;
}

export type StreamingRequest = CommandRequest | PortForwardRequest;
