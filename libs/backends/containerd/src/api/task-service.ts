import type { GrpcConnection } from '@crihub/transport/grpc-client';
import { type Any, type Process, runc, Status, tasks, type types } from '@crihub/wire/containerd';
import { ifFound } from '../failures.ts';
import { nanosecondsOf } from './time.ts';

/** Paths of the FIFOs; an empty one is not used. */
export interface TaskStreams {
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly terminal: boolean;
}

export interface TaskExit {
  readonly exitCode: number;
  /** Nanoseconds since 1970, if containerd knows. */
  readonly finishedAt: bigint | undefined;
}

export type TaskState =
  | { readonly name: 'created' | 'running'; readonly pid: number }
  | { readonly name: 'stopped'; readonly exit: TaskExit };

export interface TaskServiceOptions {
  /** For calls that start a shim, in ms. */
  readonly createTimeoutMs: number;
}

const { TasksService: service } = tasks;

/** containerd's tasks: containers that have a shim, and further processes in them. */
export class TaskService {
  readonly #connection: GrpcConnection;
  readonly #createTimeoutMs: number;

  constructor({ createTimeoutMs }: TaskServiceOptions, connection: GrpcConnection) {
    this.#connection = connection;
    this.#createTimeoutMs = createTimeoutMs;
  }

  /** The shim mounts `rootfs`, if any, below the task's bundle. @throws AlreadyExists if the container has one. */
  async create(
    containerId: string,
    { streams, rootfs = [] }: { readonly streams: TaskStreams; readonly rootfs?: readonly types.Mount[] },
    signal?: AbortSignal,
  ): Promise<number> {
    const request = tasks.CreateTaskRequest.create({ containerId, ...streams, rootfs: [...rootfs] });
    const options = { timeoutMs: this.#createTimeoutMs };
    const { pid } = await this.#connection.call(service.create, request, signal, options);
    return pid;
  }

  /** Runs the program, or the further process `execId`. */
  async start(containerId: string, execId = '', signal?: AbortSignal): Promise<number> {
    const options = { timeoutMs: this.#createTimeoutMs };
    const { pid } = await this.#connection.call(service.start, { containerId, execId }, signal, options);
    return pid;
  }

  async state(containerId: string, signal?: AbortSignal): Promise<TaskState | undefined> {
    const request = { containerId, execId: '' };
    const answer = await ifFound(this.#connection.call(service.get, request, signal));
    return answer?.process === undefined ? undefined : stateOf(answer.process);
  }

  /** By container. */
  async states(signal?: AbortSignal): Promise<ReadonlyMap<string, TaskState>> {
    const { tasks: found } = await this.#connection.call(service.list, { filter: '' }, signal);
    return new Map(
      found.flatMap((process) => {
        const state = stateOf(process);
        return state === undefined ? [] : [[process.id, state]];
      }),
    );
  }

  /** Does nothing to a process that has ended or never was. */
  async kill(
    containerId: string,
    {
      execId = '',
      number,
      all,
    }: { readonly execId?: string; readonly number: number; readonly all: boolean },
    signal?: AbortSignal,
  ): Promise<void> {
    const request = { containerId, execId, signal: number, all };
    await ifFound(this.#connection.call(service.kill, request, signal));
  }

  /** Resolves when the process has ended. */
  async wait(containerId: string, execId: string, signal?: AbortSignal): Promise<TaskExit> {
    const options = { timeoutMs: 'none' } as const;
    const answer = await this.#connection.call(service.wait, { containerId, execId }, signal, options);
    return { exitCode: answer.exitStatus, finishedAt: nanosecondsOf(answer.exitedAt) };
  }

  /** Does nothing if there is none. @throws FailedPrecondition while it runs. */
  async delete(containerId: string, signal?: AbortSignal): Promise<void> {
    await ifFound(this.#connection.call(service.delete, { containerId }, signal));
  }

  async addProcess(
    containerId: string,
    execId: string,
    process: { readonly spec: Any; readonly streams: TaskStreams },
    signal?: AbortSignal,
  ): Promise<void> {
    const request = { containerId, execId, spec: process.spec, ...process.streams };
    await this.#connection.call(service.exec, request, signal);
  }

  async deleteProcess(containerId: string, execId: string): Promise<void> {
    await ifFound(this.#connection.call(service.deleteProcess, { containerId, execId }));
  }

  async resize(
    containerId: string,
    execId: string,
    size: { readonly width: number; readonly height: number },
  ): Promise<void> {
    await this.#connection.call(service.resizePty, { containerId, execId, ...size });
  }

  /** Lets a reader of standard input come to its end, once nobody else has the FIFO open. */
  async closeStdin(containerId: string, execId: string): Promise<void> {
    await ifFound(this.#connection.call(service.closeIo, { containerId, execId, stdin: true }));
  }

  /** Dumps a running task, which runs on, into directories that exist. Only runc's shim can. */
  async checkpoint(
    containerId: string,
    { images, work }: { readonly images: string; readonly work: string },
    signal: AbortSignal,
  ): Promise<void> {
    const options = runc.CheckpointOptions.create({
      ...{ imagePath: images, workPath: work },
      ...{ openTcp: true, externalUnixSockets: true, fileLocks: true },
    });
    const value = Buffer.from(runc.CheckpointOptions.encode(options).finish());
    const request = tasks.CheckpointTaskRequest.create({
      containerId,
      options: { typeUrl: 'containerd.runc.v1.CheckpointOptions', value },
    });
    await this.#connection.call(service.checkpoint, request, signal, { timeoutMs: 'none' });
  }

  /** @throws what the runtime says; it has then put back what was set before. */
  async update(containerId: string, resources: Any, signal?: AbortSignal): Promise<void> {
    await this.#connection.call(service.update, { containerId, resources, annotations: {} }, signal);
  }
}

function stateOf(process: Process): TaskState | undefined {
  switch (process.status) {
    case Status.CREATED:
      return { name: 'created', pid: process.pid };
    case Status.RUNNING:
    case Status.PAUSED:
    case Status.PAUSING:
      return { name: 'running', pid: process.pid };
    case Status.STOPPED:
      return {
        name: 'stopped',
        exit: { exitCode: process.exitStatus, finishedAt: nanosecondsOf(process.exitedAt) },
      };
    default:
      return undefined; // its shim does not answer
  }
}
