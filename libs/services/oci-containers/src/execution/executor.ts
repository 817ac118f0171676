import type { Duplex } from 'node:stream';
import type { Resources } from '@crihub/contract';
import type { RunOptions, RunResult, SpawnedProcess, SpawnOptions } from '@crihub/transport/process';

/** A process, safe against reuse of its number. */
export interface ProcessRef {
  readonly pid: number;
  /** In clock ticks since boot: field 22 of /proc/<pid>/stat. */
  readonly startTime: number;
}

/** A running program with its streams. */
export type MachineProcess = Omit<SpawnedProcess, 'pid'>;

/**
 * The machine that containers run on: this host, or a guest. It knows how things are done there and
 * nothing of containers; what is done is decided by those who use it.
 */
export interface Executor {
  readonly files: Files;
  readonly processes: ProcessTable;
  readonly cgroups: Cgroups;
  /** Changes with every boot of the machine. */
  bootId(): Promise<string>;
  /** Runs a program to its end; as `run` of the process transport. */
  run(program: string, options: RunOptions): Promise<RunResult>;
  /**
   * Starts a program whose streams stay in our hands; as `spawnProcess` of the process
   * transport, but what it prints is kept for a reader who comes late.
   */
  spawn(program: string, options: SpawnOptions): Promise<MachineProcess>;
  /** Connects to a SOCK_SEQPACKET socket: each chunk is one message. @throws the system's error. */
  connectSeqpacket(path: string): Promise<Duplex>;
}

/** What is missing reads as `undefined`; removing it does nothing. */
export interface Files {
  read(path: string): Promise<string | undefined>;
  /** Whole or not at all: readers never see a part of it. */
  write(path: string, content: string): Promise<void>;
  /** Hands a message to whoever reads a FIFO. @throws the system's ENXIO if nobody does. */
  sendToFifo(path: string, message: string): Promise<void>;
  /** With those above it. By default others may pass through it, and no more. */
  makeDirectory(path: string, mode?: number): Promise<void>;
  /** Names in a directory; none if there is no such directory. */
  list(path: string): Promise<readonly string[]>;
  status(path: string): Promise<FileStatus | undefined>;
  /** Removes a file or a directory with all that is in it. */
  remove(path: string): Promise<void>;
  /** Tells the names in a directory that appear or change, until the signal aborts; `lost` may be told once. */
  watch(directory: string, listener: DirectoryListener, signal: AbortSignal): Promise<void>;
}

export interface FileStatus {
  readonly inode: bigint;
  /** Nanoseconds since 1970. */
  readonly modifiedAt: bigint;
}

export interface DirectoryListener {
  readonly changed: (name: string) => void;
  /** Changes may go unseen from now on. */
  readonly lost: (error: Error) => void;
}

export interface ProcessTable {
  /** Undefined if there is no such process, or it has ended and waits to be reaped. */
  identify(pid: number): Promise<ProcessRef | undefined>;
  /** Signals that very process; one that has ended is no error. */
  signal(process: ProcessRef, signal: number): Promise<void>;
  /** Processes whose command line contains the word. */
  find(word: string): Promise<readonly ProcessRef[]>;
  /** Clock ticks since boot: processes that start from now on have no smaller `startTime`. */
  now(): Promise<number>;
}

/** Control groups by their path below the root of the hierarchies. */
export interface Cgroups {
  readonly version: 1 | 2;
  /** Makes a group in which processes count to the groups above, without limits of its own. */
  createCounting(path: string): Promise<void>;
  /** The files into which a process writes `0` to join such a group. */
  joinFiles(path: string): readonly string[];
  /** Processes of the group and all groups below. */
  processes(path: string): Promise<readonly number[]>;
  /** SIGKILL to all of them; resolves when they are gone. */
  kill(path: string, signal?: AbortSignal): Promise<void>;
  /** Sets limits, in the order that suits the kernel. @throws InvalidArgument for one that the kernel refuses. */
  limit(path: string, resources: Resources): Promise<void>;
  remove(path: string, signal?: AbortSignal): Promise<void>;
}

/** Whether that very process still runs. */
export const isAlive = async (
  processes: Pick<ProcessTable, 'identify'>,
  { pid, startTime }: ProcessRef,
): Promise<boolean> => (await processes.identify(pid))?.startTime === startTime;
