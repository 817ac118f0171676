import { open } from 'node:fs/promises';
import { Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { Duplex } from 'node:stream';
import { closeDescriptor } from '../syscalls/libc.ts';
import { connectUnixSeqpacket, replaceDescriptor, unixStreamSocket } from '../syscalls/sockets.ts';
import { unconnected } from './unconnected.ts';

const O_PATH = 0o10000000;

/**
 * Connects to a unix socket that keeps the boundaries of messages (SOCK_SEQPACKET), which Node's `net` can't.
 * Paths may be of any length. Each chunk that is read is one message of at most 64 KiB, and each chunk that
 * is written becomes one; the receiver's limits are the caller's care. Ending the stream shuts down our
 * direction alone.
 * @throws the error of connect(2): `ENOENT`, `ECONNREFUSED`, or `EAGAIN` when the listener is swamped.
 */
export async function connectSeqpacket(path: string): Promise<Duplex> {
  // A socket's address is short, so it is named from its directory.
  const directory = await open(dirname(path), O_PATH);
  try {
    return adoptSeqpacket(connectUnixSeqpacket(`/proc/self/fd/${String(directory.fd)}/${basename(path)}`));
  } finally {
    await directory.close();
  }
}

/** A stream of messages over a connected, non-blocking descriptor, which it owns from now on. */
export function adoptSeqpacket(connection: number): Duplex {
  const descriptor = unixStreamSocket();
  const socket = new Socket(unconnected(descriptor));
  try {
    // Node takes stream sockets only. What it does with them, epoll, read and write, suits this kind as well,
    // so it gets a stream socket, and before it has looked at that, the connection in its place.
    replaceDescriptor(connection, descriptor);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    closeDescriptor(connection);
  }
  return new MessageStream(socket);
}

/** Passes messages on one by one: a stream of bytes would join those that wait. */
class MessageStream extends Duplex {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super({ readableObjectMode: true, writableHighWaterMark: 65_536, allowHalfOpen: true });
    this.#socket = socket;
    socket.on('data', (message: Buffer) => {
      if (!this.push(message)) socket.pause();
    });
    socket.once('end', () => this.push(null));
    socket.once('error', (error) => this.destroy(error));
    socket.once('close', () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(message: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#socket.write(message, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
