import { PassThrough, type Readable, type Writable } from 'node:stream';
import type { AttachSpec, ProcessExit, ProcessSession, TerminalSize } from '@crihub/contract';
import type { TaskService, TaskStreams } from '../api/task-service.ts';
import type { LocalContainer } from '../container/local-container.ts';
import { openFifoInput } from './fifo-streams.ts';

export interface AttachSessionDependencies {
  readonly tasks: TaskService;
  readonly streams: TaskStreams;
}

/** The streams of a container's first process, shared with its log and with others who are attached. */
export class AttachSession implements ProcessSession {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable | undefined;
  readonly exit: Promise<ProcessExit>;
  readonly #container: LocalContainer;
  readonly #tasks: TaskService;

  static async open(
    container: LocalContainer,
    attach: AttachSpec,
    { tasks, streams }: AttachSessionDependencies,
  ): Promise<AttachSession> {
    if (!attach.stdin || streams.stdin === '') return new AttachSession(container, tasks, undefined);
    const ended = async (): Promise<void> => {
      if (container.state.stdinOnce) await tasks.closeStdin(container.id, '');
    };
    return new AttachSession(container, tasks, await openFifoInput(streams.stdin, ended));
  }

  private constructor(container: LocalContainer, tasks: TaskService, stdin: Writable | undefined) {
    const { output, state } = container;
    this.#container = container;
    this.#tasks = tasks;
    this.stdin = stdin;
    this.stdout = output?.attach('stdout') ?? new PassThrough().end();
    this.stderr = state.terminal ? undefined : (output?.attach('stderr') ?? new PassThrough().end());
    this.exit = container.exited.then(({ exitCode }) => {
      this.stdin?.destroy();
      return { exitCode };
    });
  }

  async resize(size: TerminalSize): Promise<void> {
    if (this.#container.state.terminal) await this.#tasks.resize(this.#container.id, '', size);
  }

  async kill(): Promise<void> {
    this.stdin?.destroy();
    this.stdout.destroy();
    this.stderr?.destroy();
  }
}
