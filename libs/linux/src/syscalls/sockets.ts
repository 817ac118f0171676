import { closeDescriptor, cFunction, cString } from './libc.ts';

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
const MSG_DONTWAIT = 0x40;
/** `sizeof(sun_path)`, with the NUL that ends it. */
const PATH_BYTES = 108;

const socketCall = cFunction('socket', ['int', 'int', 'int']);
const connectCall = cFunction('connect', ['int', 'pointer', 'unsigned int']);
const bindCall = cFunction('bind', ['int', 'pointer', 'unsigned int']);
const listenCall = cFunction('listen', ['int', 'int']);
const acceptCall = cFunction('accept4', ['int', 'pointer', 'pointer', 'int']);
const sendCall = cFunction(
  'sendto',
  ['int', 'pointer', 'unsigned long', 'int', 'pointer', 'unsigned int'],
  {},
);
const dupCall = cFunction('dup3', ['int', 'int', 'int']);

/** A new, unconnected, non-blocking stream socket. */
export const unixStreamSocket = (): number =>
  socketCall(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

/** A non-blocking connection; the kernel makes it at once, or fails. */
export function connectUnixSeqpacket(path: string): number {
  return withSeqpacketSocket((socket) => {
    const address = addressOf(path);
    connectCall(socket, address, address.length);
  });
}

export function listenUnixSeqpacket(path: string): number {
  return withSeqpacketSocket((socket) => {
    const address = addressOf(path);
    bindCall(socket, address, address.length);
    listenCall(socket, 16);
  });
}

/** A connection that waits to be accepted. @throws EAGAIN if there is none. */
export const acceptConnection = (listener: number): number =>
  acceptCall(listener, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);

/** One datagram; a leading `@` of the path stands for the abstract namespace. */
export function sendUnixDatagram(path: string, bytes: Buffer): void {
  const socket = socketCall(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    const address = path.startsWith('@') ? abstractAddressOf(path.slice(1)) : addressOf(path);
    sendCall(socket, bytes, bytes.length, MSG_NOSIGNAL | MSG_DONTWAIT, address, address.length);
  } finally {
    closeDescriptor(socket);
  }
}

/** Makes `target` another descriptor of what `source` is, instead of what it was. */
export function replaceDescriptor(source: number, target: number): void {
  dupCall(source, target, SOCK_CLOEXEC);
}

function withSeqpacketSocket(prepare: (socket: number) => void): number {
  const socket = socketCall(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  try {
    prepare(socket);
    return socket;
  } catch (error) {
    closeDescriptor(socket);
    throw error;
  }
}

function addressOf(path: string): Buffer {
  const bytes = cString(path);
  if (bytes.length > PATH_BYTES) throw new RangeError(`${path} is too long for the address of a socket`);
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  return Buffer.concat([family, bytes]);
}

/** Such a name is a path with a NUL before it and none after it (unix(7)). */
const abstractAddressOf = (name: string): Buffer =>
  Buffer.concat([addressOf('').subarray(0, 2), Buffer.alloc(1), Buffer.from(name)]);
