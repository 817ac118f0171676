import koffi, { type LibraryHandle } from 'koffi';
import { SystemCallError } from './error.ts';

/** C types of arguments; `pointer` takes a Buffer, or null. */
type ArgumentType = 'int' | 'unsigned int' | 'long' | 'unsigned long' | 'pointer';
type Argument = number | bigint | Buffer | null;

/** A C function that returns -1 and sets errno when it fails. */
export type CFunction = (...args: Argument[]) => number;

let library: LibraryHandle | undefined;

/**
 * A function of the C library, looked up at its first call. The result is never negative:
 * a failure is thrown as a `SystemCallError`. `pathArgument` is the index of the path to name in it.
 */
export function cFunction(
  name: string,
  types: readonly ArgumentType[],
  { pathArgument, symbol = name }: { readonly pathArgument?: number; readonly symbol?: string } = {},
): CFunction {
  let native: ((...args: Argument[]) => number | bigint) | undefined;
  return (...args) => {
    native ??= bind(symbol, types);
    const result = Number(native(...args));
    if (result >= 0) return result;
    const errno = koffi.errno();
    throw new SystemCallError(errno, {
      syscall: name,
      path: pathArgument === undefined ? undefined : pathText(args[pathArgument]),
    });
  };
}

/**
 * A system call by number, for those that older C libraries have no function for. Numbers from 424 on
 * are the same on all architectures (kernel `scripts/syscall.tbl`).
 */
export function numberedCall(
  name: string,
  number: number,
  types: readonly ArgumentType[],
  options: { readonly pathArgument?: number } = {},
): CFunction {
  const shifted = options.pathArgument === undefined ? {} : { pathArgument: options.pathArgument + 1 };
  const call = cFunction(name, ['long', ...types], { ...shifted, symbol: 'syscall' });
  return (...args) => call(number, ...args);
}

const close = cFunction('close', ['int']);

/** Closes a descriptor that a C function opened. Node's `closeSync` is for those that Node opened. */
export function closeDescriptor(fd: number): void {
  close(fd);
}

/** NUL-terminated bytes. @throws TypeError for a text with a NUL of its own, which C would cut short. */
export function cString(text: string | Buffer): Buffer {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  if (bytes.includes(0)) throw new TypeError(`${JSON.stringify(bytes.toString())} contains a NUL byte`);
  return Buffer.concat([bytes, Buffer.alloc(1)]);
}

/** The C library itself, for functions whose result is no number. */
export const cLibrary = (): LibraryHandle => (library ??= koffi.load('libc.so.6'));

function bind(symbol: string, types: readonly ArgumentType[]): (...args: Argument[]) => number | bigint {
  const names = types.map((type) => (type === 'pointer' ? 'void *' : type));
  const result = symbol === 'syscall' || symbol.includes('xattr') ? 'long' : 'int';
  return cLibrary().func(symbol, result, names);
}

const pathText = (argument: Argument | undefined): string | undefined =>
  Buffer.isBuffer(argument) ? argument.subarray(0, -1).toString() : undefined;
