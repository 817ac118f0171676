import { describeError, type Logger, sleep } from '@crihub/kernel';
import type { GrpcConnection } from '@crihub/transport/grpc-client';
import { events, eventService, type types } from '@crihub/wire/containerd';
import type { TaskExit } from '../api/task-service.ts';
import { nanosecondsOf } from '../api/time.ts';

export interface TaskEventsDependencies {
  readonly connection: GrpcConnection;
  readonly logger: Logger;
  /** The first process of a container has ended. */
  readonly exited: (containerId: string, exit: TaskExit) => void;
  readonly outOfMemory: (containerId: string) => void;
  /** The subscription has begun, and events may have been missed before. */
  readonly subscribed: (signal: AbortSignal) => Promise<void>;
}

const RETRY_MS = 200;
const EXIT = '/tasks/exit';
const OOM = '/tasks/oom';

/** Follows the events of one containerd namespace for as long as the backend lives, whatever containerd does. */
export class TaskEvents {
  readonly #namespace: string;
  readonly #dependencies: TaskEventsDependencies;
  readonly #end = new AbortController();
  #following: Promise<void> = Promise.resolve();

  constructor({ namespace }: { readonly namespace: string }, dependencies: TaskEventsDependencies) {
    this.#namespace = namespace;
    this.#dependencies = dependencies;
  }

  start(): void {
    this.#following = this.#follow(this.#end.signal);
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#following;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    let away = false;
    while (!signal.aborted) {
      try {
        await this.#subscription(signal, () => (away = false));
      } catch (error) {
        if (signal.aborted) return;
        if (!away)
          this.#dependencies.logger.warn('lost the events of containerd', { error: describeError(error) });
        away = true;
      }
      await sleep(RETRY_MS, signal).catch(() => undefined); // the abort ends the loop
    }
  }

  async #subscription(signal: AbortSignal, begun: () => void): Promise<void> {
    const { connection, subscribed } = this.#dependencies;
    const filters = [EXIT, OOM].map((topic) => `namespace==${this.#namespace},topic=="${topic}"`);
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const messages = connection.stream(eventService.EventsService.subscribe, { filters }, either);
    const consumed = this.#consume(messages, begun);
    try {
      // The call is on its way, so what happens from now on is seen by it, or by those who look.
      await Promise.all([consumed, subscribed(signal)]);
    } finally {
      failed.abort();
      await consumed.catch(() => undefined); // the first failure is told
    }
  }

  async #consume(messages: AsyncIterable<types.Envelope>, begun: () => void): Promise<void> {
    for await (const message of messages) {
      begun();
      this.#tell(message);
    }
  }

  #tell({ topic, event }: types.Envelope): void {
    const { exited, outOfMemory } = this.#dependencies;
    if (event === undefined) return;
    if (topic === OOM) {
      outOfMemory(events.TaskOOM.decode(event.value).containerId);
      return;
    }
    const { containerId, id, exitStatus, exitedAt } = events.TaskExit.decode(event.value);
    if (id === containerId)
      exited(containerId, { exitCode: exitStatus, finishedAt: nanosecondsOf(exitedAt) });
  }
}
