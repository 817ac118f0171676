/** The other side broke the protocol: its connection is closed, and nothing else is touched. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}
