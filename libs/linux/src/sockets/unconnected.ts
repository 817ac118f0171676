import type { SocketConstructorOpts } from 'node:net';

/**
 * Options for a `Socket` on a descriptor that has no connection yet. `manualStart`, which the types lack,
 * keeps Node from reading at once. Both directions may end by themselves.
 */
export const unconnected = (fd: number): SocketConstructorOpts & { readonly manualStart: true } => ({
  fd,
  manualStart: true,
  readable: true,
  writable: true,
  allowHalfOpen: true,
});
