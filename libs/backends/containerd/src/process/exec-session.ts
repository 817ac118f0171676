import type { Readable, Writable } from 'node:stream';
import { constants } from 'node:os';
import type { ProcessExit, ProcessSession, TerminalSize } from '@crihub/contract';
import { type ContainerId, describeError, type Logger, sleep, withDeadline } from '@crihub/kernel';
import { type Cgroups, processRef, signalProcess } from '@crihub/linux';
import type { TaskService } from '../api/task-service.ts';
import { hasMark } from './exec-mark.ts';
import type { FifoOutput } from './fifo-streams.ts';

export interface ExecSessionInput {
  readonly containerId: ContainerId;
  readonly execId: string;
  readonly cgroup: string;
  readonly mark: number;
  readonly stdin: Writable | undefined;
  readonly stdout: FifoOutput;
  readonly stderr: FifoOutput | undefined;
  /** The process's end, by containerd. */
  readonly ended: Promise<number>;
}

export interface ExecSessionDependencies {
  readonly tasks: TaskService;
  readonly cgroups: Pick<Cgroups, 'processes'>;
  readonly logger: Logger;
}

const { SIGKILL } = constants.signals;
const KILL_MS = 10_000;
const POLL_MS = 5;

/** A further process in a container, on FIFOs. */
export class ExecSession implements ProcessSession {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable | undefined;
  readonly exit: Promise<ProcessExit>;
  readonly #input: ExecSessionInput;
  readonly #dependencies: ExecSessionDependencies;

  constructor(input: ExecSessionInput, dependencies: ExecSessionDependencies) {
    this.#input = input;
    this.#dependencies = dependencies;
    this.stdin = input.stdin;
    this.stdout = input.stdout.stream;
    this.stderr = input.stderr?.stream;
    this.exit = input.ended.then((exitCode) => ({ exitCode }));
  }

  /** Resolves when nothing of the process is left in containerd, after its end. Never rejects. */
  async putAway(): Promise<void> {
    const { containerId, execId, ended, stdin } = this.#input;
    const { tasks, logger } = this.#dependencies;
    await ended;
    stdin?.destroy();
    await tasks.deleteProcess(containerId, execId).catch((error: unknown) =>
      logger.debug('could not delete a process that has ended', {
        id: containerId,
        error: describeError(error),
      }),
    );
  }

  async resize(size: TerminalSize): Promise<void> {
    if (this.stderr !== undefined) return;
    await this.#dependencies.tasks.resize(this.#input.containerId, this.#input.execId, size);
  }

  async kill(): Promise<void> {
    const { containerId, execId, mark, cgroup } = this.#input;
    const { tasks } = this.#dependencies;
    await withDeadline('killing a process and all it started', KILL_MS, undefined, async (signal) => {
      await tasks.kill(containerId, { execId, number: SIGKILL, all: false }, signal);
      for (;;) {
        const left = await this.#marked(cgroup, mark);
        if (left.length === 0) break;
        for (const pid of left) {
          const target = await processRef(pid);
          if (target !== undefined) await signalProcess(target, 'SIGKILL');
        }
        await sleep(POLL_MS, signal);
      }
    });
    await Promise.all([this.#input.stdout.close(), this.#input.stderr?.close()]);
  }

  async #marked(cgroup: string, mark: number): Promise<readonly number[]> {
    const pids = await this.#dependencies.cgroups.processes(cgroup);
    const marked = await Promise.all(pids.map((pid) => hasMark(pid, mark)));
    return pids.filter((_pid, index) => marked[index]);
  }
}
