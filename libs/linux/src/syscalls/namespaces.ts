import { openSync } from 'node:fs';
import { cFunction, closeDescriptor, cString } from './libc.ts';

/** Namespaces that a single thread can change. */
export type NamespaceType = 'net' | 'ipc' | 'uts' | 'mnt';

/** `CLONE_NEW*` of `linux/sched.h`. */
const CLONE_BITS = { net: 0x40000000, ipc: 0x08000000, uts: 0x04000000, mnt: 0x00020000 } as const;
const CLONE_FS = 0x200;
const AF = { unix: 1, ipv4: 2, ipv6: 10 } as const;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;

const unshareCall = cFunction('unshare', ['int']);
const setnsCall = cFunction('setns', ['int', 'int']);
const sethostnameCall = cFunction('sethostname', ['pointer', 'unsigned long']);
const socketCall = cFunction('socket', ['int', 'int', 'int']);
const ioctl = cFunction('ioctl', ['int', 'unsigned long', 'pointer']);

/** Moves the calling thread, and no other, into new namespaces. */
export function unshare(types: readonly NamespaceType[]): void {
  unshareCall(types.reduce((bits, type) => bits | CLONE_BITS[type], 0));
}

/** Gives the calling thread a root and a working directory of its own; without, it can't change mount namespaces. */
export function unshareRoot(): void {
  unshareCall(CLONE_FS);
}

/** Moves the calling thread, and no other, into a namespace that is open as a file. */
export function setns(fd: number, type: NamespaceType): void {
  setnsCall(fd, CLONE_BITS[type]);
}

/** Sets the host name of the calling thread's UTS namespace. */
export function sethostname(name: string): void {
  sethostnameCall(cString(name), Buffer.byteLength(name));
}

export type SocketFamily = keyof typeof AF;

/** A new non-blocking stream socket, which stays in the calling thread's network namespace of now. */
export const streamSocket = (family: SocketFamily): number =>
  socketCall(AF[family], SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

/** Brings a network interface of the calling thread's namespace up. */
export function setInterfaceUp(name: string): void {
  const request = Buffer.alloc(40); // struct ifreq: 16 bytes of name, then the flags
  request.write(name, 0, 15);
  const socket = socketCall(AF.ipv4, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    ioctl(socket, SIOCGIFFLAGS, request);
    request.writeInt16LE(request.readInt16LE(16) | IFF_UP, 16);
    ioctl(socket, SIOCSIFFLAGS, request);
  } finally {
    closeDescriptor(socket);
  }
}

/** The namespace of the calling thread, open. `/proc/self` would be the main thread's. */
export const openOwnNamespace = (type: NamespaceType): number => openSync(ownNamespacePath(type), 'r');

export const ownNamespacePath = (type: NamespaceType): string => `/proc/thread-self/ns/${type}`;
