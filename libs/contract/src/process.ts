import type { Readable, Writable } from 'node:stream';

export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
}

/** A limit as in setrlimit(2). */
export interface Rlimit {
  /** `RLIMIT_NOFILE`, … */
  readonly type: string;
  /** -1 is unlimited. */
  readonly soft: number;
  readonly hard: number;
}

/** What runs as a container's first process; the image's defaults are already merged in. */
export interface Process {
  /** Program and arguments; never empty. */
  readonly args: readonly string[];
  /** `NAME=value`, each name once. */
  readonly env: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  readonly user: ProcessUser;
  /** Absent: those that the backend's options set, or the engine's. A limit here goes before one of the same type there. */
  readonly rlimits?: readonly Rlimit[];
  readonly terminal: boolean;
  /** Keep a standard input open for attach; otherwise it is empty. */
  readonly stdin: boolean;
  /** The first attach that closes standard input closes it for good. */
  readonly stdinOnce: boolean;
}

export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** A further process in a running container: same user, environment, capabilities as its first one. */
export interface ExecSpec {
  readonly args: readonly string[];
  readonly terminal: boolean;
  readonly stdin: boolean;
}

export interface AttachSpec {
  readonly terminal: boolean;
  readonly stdin: boolean;
}

/** How a process ended: its code, or 128 + the number of the signal that killed it. */
export interface ProcessExit {
  readonly exitCode: number;
}

/**
 * A process whose streams are in our hands: exec, attach, ExecSync and the probes stand on it.
 * Backpressure is that of Node streams; whoever opened the session reads its output or destroys it.
 */
export interface ProcessSession {
  /** Ending it closes the process's standard input. Absent if not asked for. */
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  /** Absent with a terminal: the kernel merges both streams. */
  readonly stderr: Readable | undefined;
  /** Resolves when the process has ended (for attach: the container's first process). Never rejects. */
  readonly exit: Promise<ProcessExit>;
  /** No effect without a terminal. */
  resize(size: TerminalSize): Promise<void>;
  /**
   * Exec: SIGKILL to the process and everything it started; resolves when they are gone.
   * Attach: lets go of the container, which runs on. Repeatable.
   */
  kill(): Promise<void>;
}
