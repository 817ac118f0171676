import { sendUnixDatagram } from '../syscalls/sockets.ts';

/**
 * Sends one datagram to a unix socket, without waiting; Node's `dgram` has none of these.
 * @param path absolute, or a name in the abstract namespace with a leading `@`.
 * @throws SystemCallError if nobody listens, or has no room for it.
 */
export function sendDatagram(path: string, text: string): void {
  sendUnixDatagram(path, Buffer.from(text));
}
