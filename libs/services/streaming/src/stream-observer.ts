export type StreamKind = 'exec' | 'attach' | 'portforward';
export type Transport = 'spdy' | 'websocket';

/** Is told of sessions; implemented by the metrics. */
export interface StreamObserver {
  opened(kind: StreamKind, transport: Transport): void;
  closed(kind: StreamKind, transport: Transport, seconds: number, outcome: 'ok' | 'error'): void;
  /** A client came without a valid token, or could not agree on a protocol; the HTTP status it got. */
  refused(status: number): void;
}
