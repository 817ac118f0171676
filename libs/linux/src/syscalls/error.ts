import { getSystemErrorMessage, getSystemErrorName } from 'node:util';

export interface SystemCallContext {
  readonly syscall: string;
  readonly path?: string | undefined;
  /** What the kernel itself had to say, such as the log of a filesystem context. */
  readonly detail?: string | undefined;
}

/** A system call that failed, with the fields and the message of Node's own errors (`EBUSY: …, umount2 '/x'`). */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError';
  /** The error's name, such as `EBUSY`. */
  readonly code: string;
  /** Negative, as Node has it. */
  readonly errno: number;
  readonly syscall: string;
  readonly path: string | undefined;

  /** `errno` is positive here, as C has it. */
  constructor(errno: number, { syscall, path, detail }: SystemCallContext) {
    const code = getSystemErrorName(-errno);
    const place = path === undefined ? '' : ` '${path}'`;
    const more = detail === undefined ? '' : ` (${detail})`;
    super(`${code}: ${getSystemErrorMessage(-errno)}, ${syscall}${place}${more}`);
    this.code = code;
    this.errno = -errno;
    this.syscall = syscall;
    this.path = path;
  }
}
