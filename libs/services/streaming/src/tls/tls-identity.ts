/** A certificate, with those that it rests on, and its private key; both PEM. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
}
