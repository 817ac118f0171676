import { type Clock, type ContainerId, type Logger, sleep } from '@crihub/kernel';
import { ContainerLog } from '@crihub/service-container-log';
import type { ContainerDetails } from '@crihub/transport/docker-engine';
import type { EngineLink } from '../engine-link.ts';
import { identityOf } from '../identity.ts';
import { LogFollower } from './log-follower.ts';
import { BEGINNING, type LogProgress } from './log-progress.ts';
import { readLogProgress } from './log-tail.ts';

export interface ContainerLogsDependencies {
  readonly link: EngineLink;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Followed {
  readonly log: ContainerLog;
  readonly follower: LogFollower;
}

/** How long an exit may wait for the last lines of its container, in ms; the log goes on after it. */
const LAST_LINES_MS = 600;

/** The CRI logs of all containers, each copied from the engine's log while the container is there. */
export class ContainerLogs {
  readonly #dependencies: ContainerLogsDependencies;
  readonly #followed = new Map<ContainerId, Promise<Followed>>();
  #closed = false;

  constructor(dependencies: ContainerLogsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Follows a container that was just started. */
  follow(id: ContainerId, details: ContainerDetails): void {
    this.#begin(id, details, async () => BEGINNING);
  }

  /** Goes on with a container that another daemon followed, or that has ended while none was there. */
  resume(id: ContainerId, details: ContainerDetails): void {
    this.#begin(id, details, (path) => readLogProgress(path));
  }

  /** The container has ended: waits for its last lines, but not for ever. */
  async finish(id: ContainerId, engineId: string): Promise<void> {
    if (!this.#followed.has(id)) await this.#resumeEnded(id, engineId);
    const followed = await this.#followed.get(id);
    if (followed === undefined) return;
    followed.follower.finish();
    const timer = new AbortController();
    const late = sleep(LAST_LINES_MS, timer.signal).catch(() => undefined); // they came in time
    await Promise.race([followed.follower.done, late]);
    timer.abort();
  }

  /** Goes on in a new file, which exists then. */
  async reopen(id: ContainerId, details: ContainerDetails): Promise<void> {
    const followed = await this.#followed.get(id);
    if (followed !== undefined) {
      await followed.log.reopen();
      return;
    }
    const log = new ContainerLog({ path: logPathOf(details) }, this.#dependencies);
    await log.reopen();
    await log.close();
  }

  /** The container is gone. */
  async forget(id: ContainerId): Promise<void> {
    const followed = await this.#followed.get(id);
    this.#followed.delete(id);
    await followed?.follower.stop();
  }

  /** Lets go of all logs. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#followed.keys()].map((id) => this.forget(id)));
  }

  /** It ended before anybody could follow it. */
  async #resumeEnded(id: ContainerId, engineId: string): Promise<void> {
    const details = await this.#dependencies.link.use((engine, deadline) =>
      engine.containers.inspect(engineId, deadline),
    );
    if (details !== undefined) this.resume(id, details);
  }

  #begin(
    id: ContainerId,
    details: ContainerDetails,
    findStart: (path: string) => Promise<LogProgress>,
  ): void {
    const path = logPathOf(details);
    if (path === '' || this.#closed || this.#followed.has(id)) return;
    const begun = findStart(path).then((start) => this.#followFrom(details, path, start));
    this.#followed.set(id, begun);
    begun.catch((error: unknown) => {
      this.#followed.delete(id);
      this.#dependencies.logger.error("a container's log can't be followed", { path, error });
    });
  }

  #followFrom({ Id, Config, State }: ContainerDetails, path: string, start: LogProgress): Followed {
    const log = new ContainerLog({ path }, this.#dependencies);
    const options = { engineId: Id, terminal: Config.Tty, isRunning: State.Running, start };
    const follower = new LogFollower(options, { ...this.#dependencies, log });
    void follower.done.then(() => log.close());
    return { log, follower };
  }
}

function logPathOf({ Config }: ContainerDetails): string {
  const identity = identityOf(Config.Labels);
  return (identity?.kind === 'container' ? identity.container?.logPath : undefined) ?? '';
}
