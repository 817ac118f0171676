import { type ContainerId, describeError, type Logger, type SandboxId } from '@crihub/kernel';
import { type Executor, isAlive, type ProcessRef } from '../execution/executor.ts';
import type { ExitFiles } from './exit-files.ts';

export interface Monitored {
  readonly id: ContainerId | SandboxId;
  readonly init: ProcessRef;
  readonly monitor: ProcessRef;
}

export interface MonitorWatchDependencies {
  readonly executor: Executor;
  readonly exitFiles: ExitFiles;
  readonly logger: Logger;
  /** What should have a conmon now, without those whose end is told already. */
  readonly monitored: () => readonly Monitored[];
  /** An exit file is there of which nothing was told. */
  readonly exited: (id: string) => void;
}

/**
 * Looks after conmon itself from time to time. Where it is dead, nobody writes how the container ends:
 * then this does, so that one way of telling exits is enough. It also finds exit files that the watch missed.
 */
export class MonitorWatch {
  readonly #intervalMs: number;
  readonly #dependencies: MonitorWatchDependencies;
  readonly #warned = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor({ intervalMs }: { readonly intervalMs: number }, dependencies: MonitorWatchDependencies) {
    this.#intervalMs = intervalMs;
    this.#dependencies = dependencies;
  }

  start(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#round(), this.#intervalMs);
    this.#timer.unref();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** One look at all. */
  async look(): Promise<void> {
    const monitored = this.#dependencies.monitored();
    const present = new Set<string>(monitored.map(({ id }) => id));
    for (const id of this.#warned) if (!present.has(id)) this.#warned.delete(id);
    await Promise.all(monitored.map((one) => this.#lookAt(one)));
  }

  async #round(): Promise<void> {
    try {
      await this.look();
    } catch (error) {
      this.#dependencies.logger.warn('could not look after the container monitors', {
        error: describeError(error),
      });
    }
    this.start();
  }

  async #lookAt({ id, init, monitor }: Monitored): Promise<void> {
    const { executor, exitFiles, logger, exited } = this.#dependencies;
    if (await isAlive(executor.processes, monitor)) return;
    if ((await exitFiles.read(id)) !== undefined) {
      exited(id);
    } else if (!(await isAlive(executor.processes, init))) {
      await exitFiles.write(id);
    } else if (!this.#warned.has(id)) {
      this.#warned.add(id);
      logger.warn(
        'a container has lost its conmon: its output goes nowhere, and its exit code will be lost',
        {
          id,
        },
      );
    }
  }
}
